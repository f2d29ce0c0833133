// Alert sounds: one pattern per priority, made here, so that nothing is fetched at the moment it matters.
// Browsers play nothing before the person has touched the page: the control asks once and says when it is waiting.
import type { Priority } from '@bluelamp/client';

type Choice = 'unasked' | 'on' | 'off';
const KEY = 'bluelamp.sound';
/** Frequency in hertz, start and length in seconds, loudness 0 to 1. */
type Tone = readonly [number, number, number, number];
/** An officer in danger sounds like nothing else here. */
type Heard = Priority | 'emergency';
const PATTERNS: Record<Heard, readonly Tone[]> = {
  emergency: Array.from({ length: 8 }, (_, i) => [i % 2 ? 740 : 990, i * 0.24, 0.23, 0.7] as const),
  high: [[660, 0, 0.14, 0.5], [880, 0.16, 0.14, 0.5], [1100, 0.32, 0.2, 0.5], [660, 0.7, 0.14, 0.5], [880, 0.86, 0.14, 0.5], [1100, 1.02, 0.2, 0.5]],
  medium: [[620, 0, 0.16, 0.32], [780, 0.2, 0.22, 0.32]],
  low: [[520, 0, 0.18, 0.18]],
};
/** A burst of alerts is one sound, not a siren. */
const QUIET_MS = 1_500;

class Sound {
  choice: Choice = $state('unasked');
  waiting = $state(false);
  #context: AudioContext | null = null;
  #last = { at: 0, rank: -1 };

  constructor() {
    const kept = localStorage.getItem(KEY);
    if (kept === 'on' || kept === 'off') this.choice = kept;
    if (this.choice === 'on') this.#awaitTouch();
  }

  #awaitTouch(): void {
    this.waiting = true;
    const wake = (): void => {
      removeEventListener('pointerdown', wake);
      removeEventListener('keydown', wake);
      if (this.choice === 'on') void this.#wake();
      else this.waiting = false;
    };
    addEventListener('pointerdown', wake);
    addEventListener('keydown', wake);
  }

  async #wake(): Promise<void> {
    this.#context ??= new AudioContext();
    if (this.#context.state === 'suspended') await this.#context.resume().catch(() => undefined);
    this.waiting = this.#context.state === 'suspended';
  }

  choose(choice: 'on' | 'off'): void {
    this.choice = choice;
    localStorage.setItem(KEY, choice);
    if (choice === 'on') void this.#wake().then(() => this.#play('low'));
    else this.waiting = false;
  }

  toggle(): void {
    this.choose(this.choice === 'on' ? 'off' : 'on');
  }

  alert(priority: Priority): void {
    if (this.choice !== 'on') return;
    const rank = { low: 0, medium: 1, high: 2 }[priority];
    const now = Date.now();
    if (now - this.#last.at < QUIET_MS && rank <= this.#last.rank) return;
    this.#last = { at: now, rank };
    this.#play(priority);
  }

  /** Whatever else has just been heard. */
  emergency(): void {
    if (this.choice === 'on') this.#play('emergency');
  }

  sample(priority: Priority): void {
    void this.#wake().then(() => this.#play(priority));
  }

  #play(priority: Heard): void {
    const context = this.#context;
    if (!context || context.state !== 'running') return;
    for (const [hertz, start, length, loudness] of PATTERNS[priority]) {
      const tone = context.createOscillator();
      const gain = context.createGain();
      const at = context.currentTime + start;
      tone.frequency.value = hertz;
      tone.type = 'triangle';
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(loudness, at + 0.015);
      gain.gain.exponentialRampToValueAtTime(0.001, at + length);
      tone.connect(gain).connect(context.destination);
      tone.start(at);
      tone.stop(at + length);
    }
  }
}

export const sound = new Sound();
