// A slider sends its value when it is let go. A chart that knows what changes with the rank follows
// the hand before: the server's figure, with other numbers in the places that the rank decides.
// What they are it asks of the server when a hand comes near; until then it waits as others do.

const RANK_SLIDER = ".st-key-page-rank";
const TOUCHED = `${RANK_SLIDER}:is(:hover, :focus-within)`;
const TOUCHES = ["pointerover", "pointerdown", "focusin"];

const toFollow = []; // charts
let isFollowing = false;

function followHand(chart) {
  if (!chart.given.byRank) return leaveHand(chart);
  if (document.querySelector(TOUCHED)) learn(chart); // the server's figure may be another one now
  if (chart.hand) return;
  chart.hand = new MutationObserver((changes) => {
    if (changes.some(({ target }) => target === heldSlider())) follow(chart);
  });
  chart.hand.observe(document.body, { subtree: true, attributeFilter: ["aria-valuetext"] });
  chart.onTouch = ({ target }) => target.closest(RANK_SLIDER) && learn(chart);
  TOUCHES.forEach((kind) => document.addEventListener(kind, chart.onTouch));
}

function leaveHand(chart) {
  chart.hand?.disconnect();
  chart.hand = null;
  TOUCHES.forEach((kind) => document.removeEventListener(kind, chart.onTouch));
}

// Ask what changes with the rank, once for each address that the server names.
function learn(chart) {
  const { address } = chart.given.byRank ?? {};
  if (!address) return;
  if (chart.asked === address) {
    if (chart.byRank && chart.beforehand.look !== lookOf(chart)) drawBeforehand(chart);
    return;
  }
  chart.asked = address;
  chart.byRank = null;
  fetch(address)
    .then((answer) => (answer.ok ? answer.json() : null)) // what is refused once is not asked again
    .then((byRank) => {
      if (chart.asked !== address) return;
      chart.byRank = byRank;
      if (!byRank) return;
      if (ahead(chart, heldRank())) follow(chart);
      drawBeforehand(chart);
    })
    .catch(() => {
      if (chart.asked === address) chart.asked = null;
    });
}

// Only the slider that is moved; the same setting's other ones follow when the server has answered.
function heldSlider() {
  const held = document.activeElement;
  return held?.closest(RANK_SLIDER) ? held : null;
}

function heldRank() {
  return heldSlider()?.getAttribute("aria-valuetext");
}

// Show what the hand says: the page's first chart at once, and each further one when the browser has
// painted the one before. Meanwhile the hand may be further, which is then shown and nothing between.
function follow(chart) {
  chart.handsRank = heldRank();
  movedAt = performance.now();
  if (!toFollow.includes(chart)) toFollow.push(chart);
  if (isFollowing) return;
  isFollowing = true;
  queueMicrotask(() => { // when all charts have seen it
    toFollow.sort(inPageOrder);
    followNext();
  });
}

function followNext() {
  const chart = toFollow.shift();
  isFollowing = Boolean(chart);
  if (!chart) return;
  requestAnimationFrame(() => setTimeout(followNext));
  if (!chart.shown || !chart.isConnected) return;
  stopEasing(chart);
  const figure = settled(chart.shown, unpacked(ahead(chart, chart.handsRank) ?? chart.goal));
  if (figure === chart.shown || layOver(chart, chart.handsRank, figure)) return;
  draw(chart, figure);
}

function inPageOrder(one, other) {
  return one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;
}

// The figure at the hand's rank, while the server's is of another one.
function ahead({ given, goal, asked, byRank }, rank) {
  if (!byRank || !goal || asked !== given.byRank?.address || rank === given.byRank.rank) return null;
  const place = byRank.ranks.indexOf(rank);
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
