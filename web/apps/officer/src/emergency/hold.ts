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
    let timer: ReturnType<typeof setTimeout> | undefined;

    const over = (): void => {
      began = 0;
      clearTimeout(timer);
      cancelAnimationFrame(frame);
      held.progress(0);
    };
    const finish = (): void => {
      over();
      held.done();
    };
    const tick = (): void => {
      held.progress(Math.min((performance.now() - began) / HOLD_MS, 1));
      frame = requestAnimationFrame(tick);
    };
    const start = (event: Event): void => {
      if (began) return;
      began = event.timeStamp;
      frame = requestAnimationFrame(tick);
      timer = setTimeout(finish, HOLD_MS);
    };
    const stop = (event: Event): void => {
      if (!began) return;
      // By when it happened, not when it was noticed: a phone too busy to draw has still been held.
      if (event.timeStamp - began >= HOLD_MS) return finish();
      over();
      held.calledOff();
    };
    const handlers: [string, (event: never) => void][] = [
      ['pointerdown', (event: PointerEvent) => {
        if (event.button !== 0) return;
        from = [event.clientX, event.clientY];
        node.setPointerCapture(event.pointerId);
        start(event);
      }],
      ['pointermove', (event: PointerEvent) => Math.hypot(event.clientX - from[0], event.clientY - from[1]) > SLIDE_PX && stop(event)],
      ['pointerup', stop],
      ['pointercancel', stop],
      ['keydown', (event: KeyboardEvent) => {
        if (event.key !== ' ' && event.key !== 'Enter') return;
        event.preventDefault();
        if (!event.repeat) start(event);
      }],
      ['keyup', stop],
      ['blur', stop],
      // A long press opens a menu on many phones.
      ['contextmenu', (event: Event) => event.preventDefault()],
    ];
    for (const [name, handler] of handlers) node.addEventListener(name, handler as EventListener);
    return () => {
      over();
      for (const [name, handler] of handlers) node.removeEventListener(name, handler as EventListener);
    };
  };
}
