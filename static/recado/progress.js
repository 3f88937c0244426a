// A page that waits for work asks every second how far it is, and shows itself anew when the work has moved on.
const waiting = document.querySelector("[data-progress]");
if (waiting) {
  const bar = waiting.querySelector("progress");
  const done = waiting.querySelector("[data-done]");
  const total = waiting.querySelector("[data-total]");
  let pause = 1000;
  const look = async () => {
    try {
      const answer = await fetch(waiting.dataset.progress, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      const now = await answer.json();
      if (now.state !== waiting.dataset.state) {
        window.location.reload();
        return;
      }
      bar.max = now.total || 1;
      bar.value = now.done;
      done.textContent = now.done;
      total.textContent = now.total;
      pause = 1000;
    } catch {
      pause = Math.min(pause * 2, 30000); // the server may be restarting: ask more rarely, never give up
    }
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
}
