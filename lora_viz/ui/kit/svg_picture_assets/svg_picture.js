// Shows the drawing that fits, reports what is pressed in it, and saves it as SVG or PNG.

const MOST_ENLARGED = 1.3;
const HIGHEST = 600;
// The font for words is large, so only pictures hold it; an SVG file names it.
const FONTS = {
  svg: ["JetBrains Mono NL", "Noto Emoji"],
  png: ["JetBrains Mono NL", "Noto Emoji", "Pretendard"],
};
const PNG_SCALE = 2;
const FONT_LOADING_MS = 300;

export default function ({ data, parentElement, setTriggerValue }) {
  const picture = parentElement.querySelector(".picture");
  const active = picture.getRootNode().activeElement;
  const focus = picture.contains(active) && identity(active);
  // what comes in does so when the picture first appears, and not again when it is drawn anew
  if (!picture.drawings) picture.classList.add("opening");
  else if (picture.drawings[0].svg !== data.drawings[0].svg) picture.classList.remove("opening");
  picture.drawings = data.drawings;
  draw(picture);
  picture.classList.remove("waiting");
  if (focus) picture.querySelector(focus)?.focus();

  const press = (event) => {
    const button = event.target.closest('[role="button"]');
    if (!button) return;
    event.preventDefault();
    const { kind, block } = button.dataset;
    if (kind) setTriggerValue("toggled", kind);
    else setTriggerValue("opened", block);
    picture.classList.add("waiting");
  };
  picture.onclick = press;
  picture.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") press(event);
  };
  for (const button of parentElement.querySelectorAll(".save button")) {
    button.onclick = () => save(picture.querySelector("svg"), button.dataset.format, data.name);
    button.setAttribute("aria-label", `${data.words} ${button.textContent}`);
  }
  parentElement.querySelector(".save span").textContent = data.words;

  // The script runs again for every new drawing, but is cleaned up only when the picture goes away.
  picture.observer ??= new ResizeObserver(() => draw(picture));
  picture.observer.observe(picture);
  return () => picture.observer.disconnect();
}

function draw(picture) {
  const { svg } = bestFor(picture.clientWidth, picture.drawings);
  if (picture.drawn !== svg) picture.innerHTML = picture.drawn = svg;
}

// The drawing that is enlarged most but not out of sight; drawings come narrowest first.
function bestFor(room, drawings) {
  const fitting = drawings.filter(({ width }) => width <= room);
  const seen = fitting.find(({ width, height }) => {
    const scale = room / width;
    return scale <= MOST_ENLARGED && height * scale <= HIGHEST;
  });
  return seen ?? fitting.at(-1) ?? drawings[0];
}

function identity({ dataset: { kind, block } }) {
  return kind ? `[data-kind="${CSS.escape(kind)}"]` : `[data-block="${CSS.escape(block)}"]`;
}

async function save(svg, format, name) {
  const { width, height } = svg.viewBox.baseVal;
  const drawn = new Blob([await standalone(svg, FONTS[format])], { type: "image/svg+xml" });
  const file = format === "svg" ? drawn : await rasterised(drawn, width, height);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${name}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// The page's theme and fonts, which a file cannot ask for, written into the drawing.
async function standalone(svg, fonts) {
  const theme = getComputedStyle(svg);
  const drawn = new XMLSerializer().serializeToString(svg).replace(
    /var\((--st-[\w-]+), ([^)]*)\)/g,
    (_whole, name, usual) => theme.getPropertyValue(name) || usual,
  );
  const ground = theme.getPropertyValue("--st-background-color") || "white";
  const start = `<style>${await fontFaces(fonts)}</style>`
    + `<rect width="100%" height="100%" fill="${ground}"/>`;
  return drawn.replace("<style>", `${start}<style>`);
}

async function fontFaces(fonts) {
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  const faces = rules.filter((rule) => rule instanceof CSSFontFaceRule
    && fonts.includes(rule.style.getPropertyValue("font-family").replaceAll('"', "")));
  return (await Promise.all(faces.map(withData))).join("");
}

async function withData(face) {
  const [, address] = face.cssText.match(/url\("?([^")]+)"?\)/);
  const bytes = await (await fetch(address)).blob();
  const data = await new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(bytes);
  });
  return face.cssText.replace(/url\("?[^")]+"?\)/, `url("${data}")`);
}

async function rasterised(drawn, width, height) {
  const image = new Image();
  image.src = URL.createObjectURL(drawn);
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * PNG_SCALE;
  canvas.height = height * PNG_SCALE;
  const paint = () => canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  paint(); // asks for the fonts, which a browser loads only when it first needs them
  await new Promise((resolve) => setTimeout(resolve, FONT_LOADING_MS));
  paint();
  URL.revokeObjectURL(image.src);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
