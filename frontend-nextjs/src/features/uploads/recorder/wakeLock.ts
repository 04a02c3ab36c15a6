/** Keeps the screen, and with it the machine, awake while something is recorded. Where browsers allow it. */
export function holdAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let isOver = false;
  const hold = () => {
    if (isOver || document.visibilityState !== "visible") return;
    navigator.wakeLock
      ?.request("screen")
      .then((held) => {
        if (isOver) void held.release();
        else lock = held;
      })
      .catch(() => undefined); // a battery that is low: the recording goes on
  };
  hold();
  document.addEventListener("visibilitychange", hold); // it is lost whenever the page is hidden
  return () => {
    isOver = true;
    document.removeEventListener("visibilitychange", hold);
    void lock?.release().catch(() => undefined);
  };
}
