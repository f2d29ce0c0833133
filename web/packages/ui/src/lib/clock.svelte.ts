// One ticking clock for every age on the screen, so that a hundred rows cost one timer.

class Ticking {
  now = $state(Date.now());

  constructor() {
    setInterval(() => {
      this.now = Date.now();
    }, 1_000);
  }
}

export const ticking = new Ticking();
