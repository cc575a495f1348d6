// Explains the glossary's terms where each first stands in a part of the page.
//
// The words belong to Streamlit, which draws them again whenever they change; to wrap them would
// break that. So each term gets an empty element that lies over its words and takes the focus, as the
// last child of the element that holds them.

const TEXT = "p, li, h1, h2, h3, h4, h5, h6, td, th, .key-meaning";
const LEFT_ALONE = [
  "a", "button", "code", "pre", "input", "textarea", "select", "svg", "canvas", "summary",
  '[role="button"]', '[role="radio"]', '[role="tab"]', '[role="slider"]', '[role="listbox"]',
  ...["Alert", "Checkbox", "FileUploaderDropzone", "SliderTickBar", "Spinner"].map(
    (name) => `[data-testid="st${name}"]`,
  ),
  ".js-plotly-plot", ".katex", ".explanation",
].join();
const PARTS = '[role="tabpanel"], [data-testid="stColumn"]';
const ELEMENT = '[data-testid="stElementContainer"]';
const CHARTS = ".js-plotly-plot, svg, canvas";
const SETTLING_MS = 150; // pages change in many small steps
const LEAVING_MS = 200; // on the way from a word to its explanation
const MARGIN = 16;

export default function ({ data, parentElement }) {
  const place = parentElement.querySelector(".glossary");
  place.terms = data.terms.map(withPatterns);
  place.leave?.();
  place.replaceChildren(...data.terms.map(explanation));
  place.leave = watch(place);
  return () => place.leave();
}

function withPatterns({ key, forms }) {
  return {
    key,
    forms: forms.map(({ source, start, length, is_exact: isExact }) => (
      { pattern: new RegExp(source, isExact ? "g" : "gi"), start, length }
    )),
  };
}

function explanation({ key, word, meaning, formula, cited }) {
  const tip = document.createElement("div");
  tip.id = `explained-${key}`;
  tip.className = "explanation";
  tip.role = "tooltip";
  tip.popover = "manual";
  for (const [tag, words] of [["b", word], ["span", meaning], ["code", formula], ["small", cited]]) {
    if (!words) continue;
    const line = document.createElement(tag);
    line.textContent = words;
    tip.append(line);
  }
  return tip;
}

// Marks the page now and after every change, until the function that it returns is called.
function watch(place) {
  const main = document.querySelector('[data-testid="stMain"]');
  const until = new AbortController();
  let waiting;
  const mark = () => {
    observer.disconnect();
    markTerms(main, place);
    observer.observe(main, { childList: true, characterData: true, subtree: true });
  };
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(mark, SETTLING_MS);
  };
  const observer = new MutationObserver((changes) => {
    const places = changes.map(({ target }) => target.parentElement ?? target);
    if (places.some((changed) => !changed.closest(CHARTS))) soon();
  });
  const sizes = new ResizeObserver(soon);
  sizes.observe(main);
  const block = main.querySelector('[data-testid="stMainBlockContainer"]');
  if (block) sizes.observe(block);
  const { signal } = until;
  main.addEventListener("click", soon, { signal });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hide(place), { signal });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!target.closest?.(".explained, .explanation")) hide(place);
  }, { signal });
  document.addEventListener("scroll", () => put(place), { signal, capture: true, passive: true });
  document.fonts.ready.then(soon);
  soon();
  return () => {
    until.abort();
    clearTimeout(waiting);
    observer.disconnect();
    sizes.disconnect();
    for (const marker of main.querySelectorAll(".explained")) marker.remove();
  };
}

function markTerms(main, place) {
  const kept = new Set();
  for (const { key, range, element } of occurrences(main, place.terms)) {
    const marker = element.querySelector(`:scope > .explained[data-term="${key}"]`)
      ?? element.appendChild(newMarker(key, place));
    marker.setAttribute("aria-label", range.toString());
    lay(marker, range, element);
    kept.add(marker);
  }
  for (const marker of main.querySelectorAll(".explained")) {
    if (!kept.has(marker)) marker.remove();
  }
  if (place.shown && !kept.has(place.shown.marker)) hide(place);
}

// The first occurrence of each term in each part of the page, below what says what it is about.
function* occurrences(main, terms) {
  const heading = main.querySelector("h1");
  const known = new Map();
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const around = node.parentElement;
    const element = around.closest(ELEMENT);
    if (!element || !around.closest(TEXT) || around.closest(LEFT_ALONE)) continue;
    if (heading && node.compareDocumentPosition(heading) & Node.DOCUMENT_POSITION_FOLLOWING) continue;
    if (!around.checkVisibility({ visibilityProperty: true })) continue; // in a closed part
    const part = around.closest(PARTS) ?? main;
    if (!known.has(part)) known.set(part, new Set());
    for (const { key, from, to } of found(node.data, terms)) {
      if (known.get(part).has(key)) continue;
      known.get(part).add(key);
      const range = document.createRange();
      range.setStart(node, from);
      range.setEnd(node, to);
      yield { key, range, element };
    }
  }
}

// Where terms stand in a text; of two that overlap the first, or the longer one.
function found(text, terms) {
  const all = [];
  for (const { key, forms } of terms) {
    for (const { pattern, start, length } of forms) {
      for (const { index } of text.matchAll(pattern)) {
        all.push({ key, from: index + start, to: index + start + length });
      }
    }
  }
  all.sort((one, other) => one.from - other.from || other.to - one.to);
  let end = 0;
  return all.filter(({ from, to }) => {
    if (from < end) return false;
    end = to;
    return true;
  });
}

function newMarker(key, place) {
  const marker = document.createElement("span");
  marker.role = "note"; // a word in a sentence, which nothing but its explanation follows from
  marker.tabIndex = 0;
  marker.className = "explained";
  marker.dataset.term = key;
  marker.setAttribute("aria-describedby", `explained-${key}`);
  marker.onfocus = marker.onclick = marker.onpointerenter = () => show(place, marker);
  marker.onblur = () => hide(place);
  marker.onpointerleave = () => {
    place.leaving = setTimeout(() => {
      if (document.activeElement !== marker) hide(place);
    }, LEAVING_MS);
  };
  return marker;
}

// Lays a line over each line of text that the term's words take.
function lay(marker, range, element) {
  const origin = element.getBoundingClientRect();
  const whole = range.getBoundingClientRect();
  const box = ({ left, top, width, height }, from) => ({
    left: `${left - from.left}px`, top: `${top - from.top}px`,
    width: `${width}px`, height: `${height}px`,
  });
  Object.assign(marker.style, box(whole, origin));
  marker.replaceChildren(...[...range.getClientRects()].map((rect) => {
    const line = document.createElement("i");
    Object.assign(line.style, box(rect, whole));
    return line;
  }));
}

function show(place, marker) {
  clearTimeout(place.leaving);
  if (place.shown?.marker === marker) return;
  hide(place);
  const tip = document.getElementById(`explained-${marker.dataset.term}`);
  tip.onpointerenter = () => clearTimeout(place.leaving);
  tip.onpointerleave = () => marker.onpointerleave();
  tip.showPopover();
  place.shown = { marker, tip };
  put(place);
}

function hide(place) {
  clearTimeout(place.leaving);
  place.shown?.tip.hidePopover();
  place.shown = null;
}

// Below the words, or above them where there is no room.
function put({ shown }) {
  if (!shown) return;
  const { left, top, bottom } = (shown.marker.firstElementChild ?? shown.marker)
    .getBoundingClientRect();
  const { width, height } = shown.tip.getBoundingClientRect();
  const fits = bottom + height + MARGIN <= innerHeight;
  const right = innerWidth - width - MARGIN;
  shown.tip.style.left = `${Math.max(MARGIN, Math.min(left, right))}px`;
  shown.tip.style.top = `${fits ? bottom + 6 : Math.max(MARGIN, top - height - 6)}px`;
}
