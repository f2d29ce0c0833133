// Light or dark: the system's choice until the person makes one, which this browser then remembers.

type Choice = 'system' | 'light' | 'dark';
const KEY = 'bluelamp.theme';

class Theme {
  choice: Choice = $state('system');
  #system: 'light' | 'dark' = $state('light');

  constructor() {
    const kept = localStorage.getItem(KEY);
    if (kept === 'light' || kept === 'dark') this.choice = kept;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    this.#system = dark.matches ? 'dark' : 'light';
    dark.addEventListener('change', (event) => (this.#system = event.matches ? 'dark' : 'light'));
  }

  get shown(): 'light' | 'dark' {
    return this.choice === 'system' ? this.#system : this.choice;
  }

  apply(): void {
    if (this.choice === 'system') delete document.documentElement.dataset.theme;
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
