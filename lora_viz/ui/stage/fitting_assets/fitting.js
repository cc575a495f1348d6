// Enlarges the charts of the picture as far as it still fits the window, and never shrinks them.

const BAR = 60; // pixels that the bar at the bottom takes
const EVERY_MS = 400; // charts come and change when they will

export default function ({ parentElement }) {
  const place = parentElement.querySelector("span");
  clearInterval(place.fitting); // the script runs again when the page is drawn again
  place.fitting = setInterval(fitPictures, EVERY_MS);
  return () => clearInterval(place.fitting);
}

function fitPictures() {
  const picture = document.querySelector(".st-key-area-picture");
  if (!picture) return;
  const charts = [...picture.querySelectorAll(".chart-figure")];
  const rows = new Map(); // charts next to each other take the room of the highest
  for (const chart of charts) {
    const height = parseFloat(chart.style.getPropertyValue("--chart-height")) || 0;
    const top = Math.round(chart.getBoundingClientRect().top);
    rows.set(top, Math.max(rows.get(top) ?? 0, height));
  }
  const drawn = [...rows.values()].reduce((sum, height) => sum + height, 0);
  if (!drawn) return;
  const now = parseFloat(picture.style.getPropertyValue("--stage-chart")) || 1;
  const box = picture.getBoundingClientRect();
  const others = box.height - drawn * now;
  const room = window.innerHeight - (box.top + document.documentElement.scrollTop) - others - BAR;
  const most = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const wanted = Math.max(1, Math.min(most, room / drawn));
  if (Math.abs(wanted - now) > 0.01) picture.style.setProperty("--stage-chart", wanted.toFixed(3));
}
