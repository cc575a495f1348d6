// Plotly's play, pause and slider are drawn, not controls: here the keyboard and a screen reader
// reach them.

const PLAYER = ".updatemenu-button";
const RAIL = ".slider-group";
const KEYS_OF_SLIDER = {
  ArrowRight: (at) => at + 1, ArrowUp: (at) => at + 1, PageUp: (at) => at + 5,
  ArrowLeft: (at) => at - 1, ArrowDown: (at) => at - 1, PageDown: (at) => at - 5,
  Home: () => 0, End: (_at, last) => last,
};

function openPlayer(chart) {
  chart.querySelectorAll(PLAYER).forEach((button, place) => {
    button.setAttribute("role", "button");
    button.setAttribute("tabindex", "0");
    button.setAttribute("aria-label", [chart.given.words.play, chart.given.words.pause][place]);
    button.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      button.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    };
  });
  openSlider(chart);
  if (chart.hasPlayer || !chart.querySelector(RAIL)) return;
  chart.hasPlayer = true;
  for (const moved of ["plotly_sliderchange", "plotly_animatingframe", "plotly_redraw"]) {
    chart.on(moved, () => openSlider(chart));
  }
}

function openSlider(chart) {
  const rail = chart.querySelector(RAIL);
  if (!rail) return;
  const { steps } = chart.layout.sliders[0];
  const at = chart.layout.sliders[0].active ?? 0;
  const said = {
    role: "slider", tabindex: "0", "aria-label": chart.given.words.step,
    "aria-orientation": "horizontal", "aria-valuemin": 0, "aria-valuemax": steps.length - 1,
    "aria-valuenow": at, "aria-valuetext": steps[at].label,
  };
  Object.entries(said).forEach(([name, value]) => rail.setAttribute(name, value));
  rail.onkeydown = (event) => {
    const move = KEYS_OF_SLIDER[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation(); // on stage these keys turn the view
    const last = steps.length - 1;
    goTo(chart, Math.max(0, Math.min(last, move(chart.layout.sliders[0].active ?? 0, last))));
  };
}

function goTo(chart, place) {
  const [slider] = chart.layout.sliders;
  if (slider.active === place) return;
  slider.active = place;
  chart.library.animate(chart, ...slider.steps[place].args).then(() => openSlider(chart));
}
