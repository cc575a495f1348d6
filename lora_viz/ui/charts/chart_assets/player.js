// Plotly's play and pause are drawn, not buttons: here the keyboard and a screen reader reach them.

const PLAYER = ".updatemenu-button";

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
}
