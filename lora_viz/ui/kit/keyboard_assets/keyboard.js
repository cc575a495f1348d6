// Listens on the whole page for keys that mean something, and for a swipe to a side.

const SWIPE = 80; // pixels to a side, and at most half as many up or down

export default function ({ data, parentElement, setTriggerValue }) {
  const status = parentElement.querySelector(".status");
  if (status.textContent !== data.spoken) status.textContent = data.spoken;
  const tell = (meaning) => meaning && setTriggerValue("pressed", meaning);
  let start;
  const listeners = {
    keydown: (event) => {
      const meaning = meant(event, data);
      if (meaning) event.preventDefault();
      tell(meaning);
    },
    touchstart: ({ touches }) => { start = touches.length === 1 ? touches[0] : undefined; },
    touchend: ({ changedTouches: [end] }) => tell(data.swipes[swiped(start, end)]),
  };
  status.stop?.(); // the script runs again when the page is drawn again
  for (const [name, listener] of Object.entries(listeners)) {
    document.addEventListener(name, listener, { passive: name !== "keydown" });
  }
  status.stop = () => {
    for (const [name, listener] of Object.entries(listeners)) {
      document.removeEventListener(name, listener);
    }
  };
  return status.stop;
}

function meant(event, { meanings, anywhere, taken_by }) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return undefined;
  if (event.repeat || event.defaultPrevented) return undefined;
  const key = nameOf(event);
  if (anywhere[key]) return anywhere[key];
  const [target] = event.composedPath();
  if (target instanceof Element && target.closest(taken_by)) return undefined;
  return meanings[key];
}

// A key's name; of one whose letter is not Latin the letter at its place.
function nameOf({ key, code }) {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  return /^Key([A-Z])$/.exec(code)?.[1].toLowerCase() ?? key;
}

function swiped(start, end) {
  if (!start || !end) return undefined;
  const across = end.clientX - start.clientX;
  if (Math.abs(across) < SWIPE || Math.abs(end.clientY - start.clientY) > Math.abs(across) / 2) {
    return undefined;
  }
  return across < 0 ? "left" : "right";
}
