// A slider sends its value when it is let go. A chart that knows what changes with the rank follows
// the hand before: the server's figure, with other numbers in the places that the rank decides.

const RANK_SLIDERS = ".st-key-page-rank, .st-key-sidebar-rank";

function followHand(chart) {
  chart.hand ??= new MutationObserver((changes) => {
    const moved = changes.map(({ target }) => target).findLast(isHeld);
    if (!moved || !chart.shown) return;
    chart.handsRank = moved.getAttribute("aria-valuetext");
    const figure = ahead(chart);
    stopEasing(chart);
    if (figure) draw(chart, settled(chart.shown, unpacked(figure)));
  });
  if (!chart.given.byRank) return leaveHand(chart);
  chart.hand.observe(document.body, { subtree: true, attributeFilter: ["aria-valuetext"] });
}

function leaveHand(chart) {
  chart.hand?.disconnect();
}

// Only the slider that is moved; the same setting's other ones follow when the server has answered.
function isHeld(slider) {
  return slider === document.activeElement && slider.closest(RANK_SLIDERS);
}

// The figure at the hand's rank, while the server's is of another one.
function ahead({ given: { byRank }, goal, handsRank }) {
  if (!byRank || handsRank === byRank.rank) return null;
  const place = byRank.ranks.indexOf(handsRank);
  if (place < 0) return null;
  const figure = structuredClone(goal);
  for (const [path, values] of byRank.changes) {
    const last = path.at(-1);
    const owner = path.slice(0, -1).reduce((inner, key) => inner[key], figure);
    owner[last] = Array.isArray(values)
      ? values[place]
      : values.at0 + values.each * byRank.numbers[place];
  }
  figure.data = figure.data.filter(isTree); // what is null is not there at this rank
  for (const list of ["annotations", "shapes"]) {
    figure.layout[list] = figure.layout[list]?.filter(isTree);
  }
  return figure;
}
