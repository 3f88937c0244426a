// Pages that show a running job look again by themselves.
document.addEventListener("DOMContentLoaded", () => {
  const running = document.querySelector("form [data-reload]");
  if (running) setTimeout(() => location.reload(), Number(running.dataset.reload) * 1000);
});
