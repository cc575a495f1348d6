// A short way from the old values to the new ones, so that eyes can follow; none for readers who
// ask for less motion, and none between pictures that differ in more than numbers.

const EASED_MS = 200;
const MOST_NUMBERS = 4000; // of which a slow machine still draws some steps
const MOVING = new Set(["x", "y", "z", "base", "x0", "x1", "y0", "y1", "range", "width"]);
const ARRAYS = {
  i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array,
  i4: Int32Array, u4: Uint32Array, f4: Float32Array, f8: Float64Array,
};

// Show another figure, on the shortest way from what is on screen now.
function change(chart, figure) {
  stopEasing(chart);
  const next = settled(chart.shown, unpacked(figure));
  if (next === chart.shown && chart.look === lookOf(chart)) return; // as the hand had it already
  if (!mayEase(chart, next)) return draw(chart, next);
  const start = performance.now();
  const from = chart.shown;
  let part = 0;
  const step = () => { // on a slow machine too there is one picture on the way
    part = Math.min((performance.now() - start) / EASED_MS, part + 0.5, 1);
    const isOver = part === 1 || !chart.isConnected;
    chart.easing = isOver ? null : requestAnimationFrame(step);
    if (chart.isConnected) draw(chart, isOver ? next : between(from, next, 1 - (1 - part) ** 3));
  };
  chart.easing = requestAnimationFrame(step);
}

function stopEasing(chart) {
  if (chart.easing) cancelAnimationFrame(chart.easing);
  chart.easing = null;
}

function mayEase({ shown, clientWidth, drawnWidth }, next) {
  if (!shown || document.hidden || clientWidth !== drawnWidth) return false;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return false;
  const isAlike = shown.data.length === next.data.length
    && shown.data.every(({ type }, index) => type === next.data[index].type);
  const numbers = moved(shown, next);
  return isAlike && !next.frames?.length && numbers > 0 && numbers <= MOST_NUMBERS;
}

// The new figure with all that is as before taken from the old one, which Plotly need not look at.
function settled(before, now) {
  if (isNumber(before) && isNumber(now)) return isAsGood(before, now) ? before : now;
  if (before === now || !isTree(before) || !isTree(now)) return now;
  if (Array.isArray(before) !== Array.isArray(now)) return now;
  const keys = Object.keys(now);
  const next = Array.isArray(now) ? [] : {};
  let isSame = keys.length === Object.keys(before).length;
  for (const key of keys) {
    next[key] = settled(before[key], now[key]);
    isSame &&= next[key] === before[key];
  }
  return isSame ? before : next;
}

// How many numbers of a moving kind differ.
function moved(from, to, isMoving = false) {
  if (from === to) return 0;
  if (isNumber(from) && isNumber(to)) return isMoving ? 1 : 0;
  if (!canMix(from, to)) return 0;
  return Object.keys(to).reduce(
    (sum, key) => sum + moved(from[key], to[key], isMoving || MOVING.has(key)), 0,
  );
}

function between(from, to, part, isMoving = false) {
  if (from === to) return to;
  if (isNumber(from) && isNumber(to)) {
    return isMoving ? from + (to - from) * part : to;
  }
  if (!canMix(from, to)) return to;
  if (Array.isArray(to)) {
    return to.map((value, index) => between(from[index], value, part, isMoving));
  }
  return Object.fromEntries(Object.entries(to).map(
    ([key, value]) => [key, between(from[key], value, part, isMoving || MOVING.has(key))],
  ));
}

function canMix(from, to) {
  if (!isTree(from) || !isTree(to) || Array.isArray(from) !== Array.isArray(to)) return false;
  return !Array.isArray(to) || from.length === to.length;
}

function isNumber(value) {
  return typeof value === "number";
}

// a + b · r of the browser and the server's value may differ in the last digit.
function isAsGood(before, now) {
  return Math.abs(before - now) <= 1e-9 * Math.abs(now);
}

function isTree(value) {
  return typeof value === "object" && value !== null;
}

// Plotly for Python packs arrays of numbers as base64; plain ones can be mixed.
function unpacked(value) {
  if (!isTree(value)) return value;
  if (Array.isArray(value)) return value.map(unpacked);
  if (typeof value.bdata !== "string") {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unpacked(inner)]));
  }
  const bytes = Uint8Array.from(atob(value.bdata), (character) => character.charCodeAt(0));
  const numbers = Array.from(new ARRAYS[value.dtype](bytes.buffer));
  const [rows, columns] = `${value.shape ?? numbers.length}`.split(",").map(Number);
  if (columns === undefined) return numbers;
  return Array.from({ length: rows }, (_row, row) => (
    numbers.slice(row * columns, (row + 1) * columns)
  ));
}
