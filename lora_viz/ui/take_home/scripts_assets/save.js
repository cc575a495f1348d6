// Figures that leave the page: with title, scenario and source around them, fonts in them, and room
// on all sides, so that nothing is cut off. `loraVizSave(chart, how, name)` is for charts' buttons;
// how is png, svg, wide (16:9, as PNG) or copy.
(() => {
  const PAD = 28, HEAD = 78, FOOT = 34, NARROWEST = 720, SCALE = 2, FONTS_MS = 400;
  const TEXT = "Pretendard, 'Noto Emoji', sans-serif";
  const SVG = "http://www.w3.org/2000/svg";

  const library = (address) => {
    window.loraVizLibrary ??= window.Plotly ? Promise.resolve(window.Plotly) : new Promise(
      (resolve, reject) => {
        const script = document.createElement("script");
        script.src = address;
        script.onload = () => resolve(window.Plotly);
        script.onerror = (event) => { window.loraVizLibrary = undefined; reject(event); };
        document.head.append(script);
      },
    );
    return window.loraVizLibrary;
  };

  const asData = (blob) => new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = reject;
    reader.readAsDataURL(blob);
  });

  // The page's fonts as CSS that holds them, of those families that the text names.
  const fonts = async (faces, text) => {
    const used = faces.filter(([family, weight]) => (
      text.includes(family) && (weight !== "700" || /bold|700|<b>/.test(text))
      && (family !== "Noto Emoji" || /[❄🔥]/u.test(text))
    ));
    const rules = await Promise.all(used.map(async ([family, weight, address]) => {
      const found = await fetch(address);
      if (!found.ok) return "";
      const data = await asData(await found.blob());
      return `@font-face{font-family:"${family}";font-weight:${weight};src:url(${data})}`;
    }));
    return rules.join("\n");
  };

  const sizeOf = (chart, how) => {
    const height = chart._fullLayout?.height || chart.clientHeight;
    const shown = Math.max(chart.clientWidth, NARROWEST);
    const width = how === "wide"
      ? Math.max(Math.round((height + HEAD + FOOT + PAD) * 16 / 9) - 2 * PAD, NARROWEST) : shown;
    const whole = { width: width + 2 * PAD, height: height + HEAD + FOOT + PAD };
    if (how === "wide") whole.height = Math.round(whole.width * 9 / 16);
    return { width, height: whole.height - HEAD - FOOT - PAD, whole };
  };

  const write = (svg, words, { x, y, size, weight = 400, anchor = "start", colour }) => {
    const text = document.createElementNS(SVG, "text");
    const place = { x, y, "font-size": size, "font-weight": weight, "text-anchor": anchor };
    for (const [name, value] of Object.entries(place)) text.setAttribute(name, value);
    text.setAttribute("font-family", TEXT);
    text.setAttribute("fill", colour);
    text.textContent = words;
    svg.append(text);
  };

  // The figure as an SVG of its own, and its size.
  const compose = async (chart, how, caption) => {
    const { width, height, whole } = sizeOf(chart, how);
    const Plotly = await library(caption.plotly);
    const layout = { ...chart.layout, width, height, autosize: false };
    const picture = await Plotly.toImage(
      { data: chart.data, layout, config: { staticPlot: true } }, { format: "svg", width, height },
    );
    const inner = new DOMParser().parseFromString(
      decodeURIComponent(picture.replace(/^data:image\/svg\+xml,/, "")), "image/svg+xml",
    ).documentElement;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("xmlns", SVG);
    svg.setAttribute("width", whole.width);
    svg.setAttribute("height", whole.height);
    svg.setAttribute("viewBox", `0 0 ${whole.width} ${whole.height}`);
    const ground = document.createElementNS(SVG, "rect");
    const page = getComputedStyle(document.querySelector("[data-testid='stApp']"));
    ground.setAttribute("width", "100%");
    ground.setAttribute("height", "100%");
    ground.setAttribute("fill", page.backgroundColor);
    svg.append(ground);
    const colour = page.color;
    write(svg, caption.title, { x: PAD, y: 38, size: 22, weight: 700, colour });
    write(svg, caption.scenario, { x: PAD, y: 62, size: 14, colour });
    inner.setAttribute("x", PAD);
    inner.setAttribute("y", HEAD);
    inner.setAttribute("overflow", "visible");
    inner.style.overflow = "visible";
    svg.append(document.importNode(inner, true));
    write(svg, caption.source, {
      x: whole.width - PAD, y: whole.height - 14, size: 12, anchor: "end", colour,
    });
    const style = document.createElementNS(SVG, "style");
    style.textContent = await fonts(caption.fonts, svg.outerHTML);
    svg.prepend(style);
    return { text: new XMLSerializer().serializeToString(svg), ...whole };
  };

  const painted = async ({ text, width, height }) => {
    const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = width * SCALE;
    canvas.height = height * SCALE;
    const paint = () => canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    paint(); // begins to load the fonts that are in the picture; words are not there yet
    await new Promise((resolve) => setTimeout(resolve, FONTS_MS));
    paint();
    URL.revokeObjectURL(address);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  };

  const download = (blob, name) => {
    const anchor = document.createElement("a");
    anchor.href = URL.createObjectURL(blob);
    anchor.download = name;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
  };

  // Resolves to words for the reader, or to nothing where a file says it.
  window.loraVizSave = async (chart, how, name) => {
    const caption = window.loraVizCaption;
    const made = compose(chart, how, caption);
    if (how === "svg") {
      const { text } = await made;
      download(new Blob([text], { type: "image/svg+xml" }), `${name}.svg`);
      return "";
    }
    const png = made.then(painted);
    if (how !== "copy") {
      download(await png, `${name}${how === "wide" ? "-16x9" : ""}.png`);
      return "";
    }
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
      return caption.copied;
    } catch {
      return caption.not_copied;
    }
  };
})();
