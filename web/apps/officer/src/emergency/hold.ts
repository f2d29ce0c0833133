// Press and hold: done after a second, called off by letting go or sliding away. Keys hold as fingers do.
export const HOLD_MS = 1_000;
const SLIDE_PX = 60;

interface Held {
  progress: (share: number) => void;
  done: () => void;
  calledOff: () => void;
}

/** An attachment for the button; the functions hear how far it is. */
export function hold(held: Held): (node: HTMLElement) => () => void {
  return (node) => {
    let began = 0;
    let frame = 0;
    let from: [number, number] = [0, 0];

    const tick = (): void => {
      const share = Math.min((performance.now() - began) / HOLD_MS, 1);
      held.progress(share);
      if (share < 1) {
        frame = requestAnimationFrame(tick);
        return;
      }
      began = 0;
      held.progress(0);
      held.done();
    };
    const start = (): void => {
      if (began) return;
      began = performance.now();
      frame = requestAnimationFrame(tick);
    };
    const stop = (): void => {
      if (!began) return;
      began = 0;
      cancelAnimationFrame(frame);
      held.progress(0);
      held.calledOff();
    };
    const handlers: [string, (event: never) => void][] = [
      ['pointerdown', (event: PointerEvent) => {
        if (event.button !== 0) return;
        from = [event.clientX, event.clientY];
        node.setPointerCapture(event.pointerId);
        start();
      }],
      ['pointermove', (event: PointerEvent) => Math.hypot(event.clientX - from[0], event.clientY - from[1]) > SLIDE_PX && stop()],
      ['pointerup', stop],
      ['pointercancel', stop],
      ['keydown', (event: KeyboardEvent) => {
        if (event.key !== ' ' && event.key !== 'Enter') return;
        event.preventDefault();
        if (!event.repeat) start();
      }],
      ['keyup', stop],
      ['blur', stop],
      // A long press opens a menu on many phones.
      ['contextmenu', (event: Event) => event.preventDefault()],
    ];
    for (const [name, handler] of handlers) node.addEventListener(name, handler as EventListener);
    return () => {
      cancelAnimationFrame(frame);
      for (const [name, handler] of handlers) node.removeEventListener(name, handler as EventListener);
    };
  };
}
