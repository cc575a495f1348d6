// Listens on the whole page for what turns a view. Presenters' clickers send Page Up and Page Down.

const TURNS = { PageDown: "next", PageUp: "back" };
const ARROWS = { ArrowRight: "next", ArrowLeft: "back", Escape: "leave" };
const TAKES_ARROWS = [
  "input", "textarea", "select", "[contenteditable]:not([contenteditable=false])", "dialog",
  "[role=slider]", "[role=textbox]", "[role=combobox]", "[role=listbox]", "[role=menu]",
  "[role=radiogroup]", "[role=tablist]", "[role=grid]", "[role=tree]",
].join(", ");
const SWIPE = 80; // pixels to a side, and at most half as many up or down

export default function ({ parentElement, setTriggerValue }) {
  const turn = (meaning) => meaning && setTriggerValue("pressed", meaning);
  let start;
  const listeners = {
    keydown: (event) => {
      const meaning = meant(event);
      if (meaning) event.preventDefault();
      turn(meaning);
    },
    touchstart: ({ touches }) => { start = touches.length === 1 ? touches[0] : undefined; },
    touchend: ({ changedTouches: [end] }) => turn(swiped(start, end)),
  };
  const place = parentElement.querySelector("span");
  place.stop?.(); // the script runs again when the page is drawn again
  for (const [name, listener] of Object.entries(listeners)) {
    document.addEventListener(name, listener, { passive: name !== "keydown" });
  }
  const fitting = setInterval(fitPictures, 400); // charts come and change when they will
  place.stop = () => {
    clearInterval(fitting);
    for (const [name, listener] of Object.entries(listeners)) {
      document.removeEventListener(name, listener);
    }
  };
  return place.stop;
}

function meant(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return undefined;
  if (event.repeat || event.defaultPrevented) return undefined;
  if (TURNS[event.key]) return TURNS[event.key];
  const [target] = event.composedPath();
  if (target instanceof Element && target.closest(TAKES_ARROWS)) return undefined;
  return ARROWS[event.key];
}

function swiped(start, end) {
  if (!start || !end) return undefined;
  const across = end.clientX - start.clientX;
  if (Math.abs(across) < SWIPE || Math.abs(end.clientY - start.clientY) > Math.abs(across) / 2) {
    return undefined;
  }
  return across < 0 ? "next" : "back";
}
