// Listens for the keys of a tour on the whole page, but not where a reader types or chooses.

const KEYS = { n: "next", p: "back", t: "try" };
// The same keys by their place, for keyboards whose letters are not Latin.
const PLACES = { KeyN: "next", KeyP: "back", KeyT: "try" };
const TYPING = [
  "input:not([type=radio], [type=checkbox], [type=range], [type=button])",
  "textarea", "select", "[contenteditable]:not([contenteditable=false])",
  "[role=textbox]", "[role=combobox]", "[role=listbox]", "[role=menu]", "[role=grid]", "dialog",
].join(", ");

export default function ({ data, parentElement, setTriggerValue }) {
  const status = parentElement.querySelector(".status");
  if (status.textContent !== data.status) status.textContent = data.status;

  // The script runs again whenever its data change, so the listener before is taken off.
  const stop = () => document.removeEventListener("keydown", status.listener);
  stop();
  status.listener = (event) => {
    const meaning = meant(event);
    if (!meaning) return;
    event.preventDefault();
    setTriggerValue("pressed", meaning);
  };
  document.addEventListener("keydown", status.listener);
  return stop;
}

function meant(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return undefined;
  if (event.repeat || event.defaultPrevented) return undefined;
  const [target] = event.composedPath();
  if (target instanceof Element && target.closest(TYPING)) return undefined;
  const isLatin = /^[a-z]$/i.test(event.key);
  return isLatin ? KEYS[event.key.toLowerCase()] : PLACES[event.code];
}
