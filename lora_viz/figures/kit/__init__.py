"""What pictures are drawn with.

base
    `Drawing`, which becomes a Plotly figure at its end.
colours
    One colour for one meaning.
bars, matrices, heat_maps, player, svg, fonts
    The parts that several pictures share.
literal
    Text from outside, shown as it is written.
"""
