// As large as the charts of a picture fit the window: all of them, or those above which do at a size
// that can still be read. What stands below the last of them is a footnote.

const BAR = 60; // pixels that the bar at the bottom takes
const LEAST = 0.8; // below it words are too small for a room
const EVERY_MS = 400; // charts come and change when they will

export default function ({ parentElement }) {
  const place = parentElement.querySelector("span");
  clearInterval(place.fitting); // the script runs again when the page is drawn again
  place.fitting = setInterval(fitPictures, EVERY_MS);
  return () => clearInterval(place.fitting);
}

function fitPictures() {
  const picture = document.querySelector(".st-key-area-picture");
  const rows = picture ? rowsOf(picture) : [];
  if (!rows.length) return;
  const now = parseFloat(picture.style.getPropertyValue("--stage-chart")) || 1;
  const scrolled = document.querySelector("[data-testid=stMain]").scrollTop;
  const top = picture.getBoundingClientRect().top + scrolled;
  const most = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const wanted = Math.min(most, largest(rows, top, now, window.innerHeight - BAR) ?? LEAST);
  if (Math.abs(wanted - now) > 0.01) picture.style.setProperty("--stage-chart", wanted.toFixed(3));
}

// The rows of charts, from above: how far below the picture's top, and how high at their own size.
// Charts next to each other take the room of the highest.
function rowsOf(picture) {
  const { top } = picture.getBoundingClientRect();
  const heights = new Map();
  for (const chart of picture.querySelectorAll(".chart-figure")) {
    const height = parseFloat(chart.style.getPropertyValue("--chart-height")) || 0;
    const below = Math.round(chart.getBoundingClientRect().top - top);
    heights.set(below, Math.max(heights.get(below) ?? 0, height));
  }
  return [...heights].map(([below, height]) => ({ below, height }))
    .filter(({ height }) => height).sort((one, other) => one.below - other.below);
}

// The factor at which most rows end above the fold.
function largest(rows, top, now, fold) {
  let drawn = 0;
  let found;
  for (const { below, height } of rows) {
    const words = below - drawn * now; // what stands between the charts is not enlarged
    drawn += height;
    const factor = (fold - top - words) / drawn;
    if (factor >= LEAST) found = factor;
  }
  return found;
}
