// An entry of the history for each thing that a reader does. A change of the address that follows
// without one is the page's own, and takes the place of the entry before.
{
  const BY_HAND = ["pointerdown", "pointerup", "click", "keydown", "input", "change", "drop"];
  const push = history.pushState;
  let hasActed = false;
  const note = ({ isTrusted }) => { hasActed ||= isTrusted; };
  for (const name of BY_HAND) addEventListener(name, note, { capture: true, passive: true });
  addEventListener("popstate", () => { hasActed = false; }); // Back and Forward by keys
  history.pushState = (...entry) => {
    (hasActed ? push : history.replaceState).apply(history, entry);
    hasActed = false;
  };
}
