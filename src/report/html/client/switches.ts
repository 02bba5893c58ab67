// The legend becomes a row of check boxes: an uplink that is switched off leaves all charts.

import type { LiveChart } from './live.js';

export class Switches {
  private readonly on: boolean[] = [];

  constructor(
    legend: HTMLElement,
    private readonly charts: readonly LiveChart[],
  ) {
    for (const uplink of legend.querySelectorAll<HTMLElement>('.uplink')) {
      const place = Number(uplink.dataset.place);
      this.on[place] = true;
      const box = document.createElement('input');
      box.type = 'checkbox';
      box.checked = true;
      box.addEventListener('change', () => this.turn(place, box.checked));
      const label = document.createElement('label');
      label.append(box, ...uplink.childNodes);
      uplink.replaceChildren(label);
    }
  }

  private turn(place: number, on: boolean): void {
    this.on[place] = on;
    for (const chart of this.charts) void chart.set({ on: [...this.on] });
  }
}
