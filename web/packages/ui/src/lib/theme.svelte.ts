// Light or dark: the system's choice until the person makes one, which this browser then remembers. An app for the street is dark
// by night whatever the system says: a white screen blinds whoever holds it, and shows them to everybody else.

type Choice = 'system' | 'light' | 'dark';
const KEY = 'bluelamp.theme';
const NIGHT = { from: 18, to: 7 };

class Theme {
  choice: Choice = $state('system');
  #system: 'light' | 'dark' = $state('light');
  #night = $state(false);

  constructor() {
    const kept = localStorage.getItem(KEY);
    if (kept === 'light' || kept === 'dark') this.choice = kept;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    this.#system = dark.matches ? 'dark' : 'light';
    dark.addEventListener('change', (event) => (this.#system = event.matches ? 'dark' : 'light'));
  }

  get shown(): 'light' | 'dark' {
    if (this.choice !== 'system') return this.choice;
    return this.#night ? 'dark' : this.#system;
  }

  /** Dark from evening to morning by this device's clock, unless the person has chosen. */
  darkByNight(): void {
    const look = (): void => {
      const hour = new Date().getHours();
      this.#night = hour >= NIGHT.from || hour < NIGHT.to;
      this.apply();
    };
    look();
    setInterval(look, 60_000);
  }

  apply(): void {
    if (this.choice === 'system' && this.#night) document.documentElement.dataset.theme = 'dark';
    else if (this.choice === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.choice;
  }

  choose(choice: Choice): void {
    this.choice = choice;
    if (choice === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
    this.apply();
  }

  toggle(): void {
    this.choose(this.shown === 'dark' ? 'light' : 'dark');
  }
}

export const theme = new Theme();
