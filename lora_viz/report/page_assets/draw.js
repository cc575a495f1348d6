// Draws the figures that the page holds as JSON, with the Plotly that it holds, packed or not.
(async () => {
  const unpacked = async (words) => {
    const bytes = Uint8Array.from(atob(words), (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };
  const draw = () => {
    for (const place of document.querySelectorAll(".figure")) {
      const { data, layout } = JSON.parse(place.querySelector("script").textContent);
      const config = {
        responsive: true,
        displaylogo: false,
        toImageButtonOptions: { format: "svg", filename: `lora-viz-${place.dataset.name}` },
        modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
      };
      place.replaceChildren();
      Plotly.newPlot(place, data, { ...layout, autosize: true }, config);
    }
  };
  try {
    const packed = document.getElementById("plotly");
    if (packed) {
      const script = document.createElement("script");
      script.textContent = await unpacked(packed.textContent.trim());
      document.head.append(script);
      packed.remove();
    }
    draw();
  } catch (error) {
    for (const place of document.querySelectorAll(".figure .instead")) place.hidden = false;
    console.error(error);
  }
})();
