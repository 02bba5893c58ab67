// One chart, drawn by Vega into the page as SVG. Expressions are interpreted: the page's policy forbids code from text.

import { parse, type Spec, View } from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { hideTip, showTip } from './tip.js';

const LEAST_WIDTH = 160;

export class LiveChart {
  readonly live: HTMLElement;
  private readonly view: View;
  /** What axes and names take beside the plot. */
  private margin = 0;

  constructor(
    private readonly picture: HTMLElement,
    spec: object,
    readonly isTimed: boolean,
  ) {
    this.live = document.createElement('div');
    this.live.className = 'live';
    // The picture as a whole has its label; its parts are in the table below it.
    this.live.setAttribute('aria-hidden', 'true');
    picture.append(this.live);
    const runtime = parse(spec as Spec, undefined, { ast: true });
    this.view = new View(runtime, { renderer: 'svg', container: this.live, expr: expressionInterpreter, hover: false });
    this.view.tooltip((_, event, __, value) => {
      if (value === null || value === undefined || value === '') hideTip();
      else showTip(value as Record<string, unknown>, event as MouseEvent);
    });
  }

  async start(): Promise<void> {
    const still = this.picture.querySelector('.still.wide svg');
    const whole = Number(still?.getAttribute('width') ?? 0);
    this.margin = Math.max(0, whole - this.view.width());
    await this.fit();
    this.picture.classList.add('lively');
    let width = this.picture.clientWidth;
    new ResizeObserver(() => {
      if (this.picture.clientWidth === width || this.picture.clientWidth === 0) return;
      width = this.picture.clientWidth;
      void this.fit();
    }).observe(this.picture);
  }

  signal(name: string): unknown {
    return this.view.signal(name);
  }

  async set(signals: Record<string, unknown>): Promise<void> {
    for (const [name, value] of Object.entries(signals)) this.view.signal(name, value);
    await this.view.runAsync();
  }

  /** The part of the window that plots take: their left edge and width. */
  plot(): DOMRect {
    const ground =
      this.live.querySelector('.role-scope > g > path.background') ?? this.live.querySelector('path.background');
    return (ground ?? this.live).getBoundingClientRect();
  }

  private async fit(): Promise<void> {
    this.view.width(Math.max(LEAST_WIDTH, this.picture.clientWidth - this.margin - 2));
    await this.view.runAsync();
  }
}
