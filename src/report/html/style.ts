// The look of the page: light, dark and paper, from a telephone to a wide screen.

import { DARK, LIGHT, type Theme } from '../charts/theme.js';

function variables(theme: Theme, more: Record<string, string>): string {
  const uplinks = theme.uplinks.map((colour, place) => `--u${place}:${colour};`).join('');
  const others = Object.entries(more)
    .map(([name, value]) => `--${name}:${value};`)
    .join('');
  return (
    `--paper:${theme.background};--ink:${theme.ink};--muted:${theme.muted};--grid:${theme.grid};--rest:${theme.rest};` +
    `--alarm:${theme.alarm};--quiet:${theme.quiet};--pair0:${theme.pair[0]};--pair1:${theme.pair[1]};${uplinks}${others}`
  );
}

/** Text of these colours has a contrast of 4.5:1 and more with its ground (WCAG 2.2, 1.4.3). */
const ON_LIGHT = variables(LIGHT, {
  card: '#f5f7f9',
  good: '#0b6b3a',
  bad: '#a8001a',
  unsure: '#7a4d00',
  note: '#3d4f63',
  link: '#0e4189',
});
const ON_DARK = variables(DARK, {
  card: '#1d232a',
  good: '#4fd08a',
  bad: '#ff8a95',
  unsure: '#f0b85a',
  note: '#b9c6d4',
  link: '#8fbcff',
});

const SWATCHES = LIGHT.uplinks.map((_, place) => `.u${place}{background:var(--u${place})}`).join('\n');

export const STYLE = `
:root{color-scheme:light dark;${ON_LIGHT}}
@media (prefers-color-scheme:dark){:root{${ON_DARK}}}
@media print{:root{color-scheme:light;${ON_LIGHT}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:1rem clamp(.8rem,3vw,2.5rem) 3rem;max-width:84rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0 .2rem}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem}
h3{font-size:1rem;margin:0 0 .2rem}
p{margin:.3rem 0}
.span,.aside,figcaption,footer{color:var(--muted)}
.aside,figcaption{font-size:.9rem;max-width:48rem}
.unseen,.skip:not(:focus){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.answers{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,16rem),1fr));gap:.9rem;margin:1rem 0}
.answer{background:var(--card);border-left:.35rem solid var(--note);border-radius:.3rem;padding:.7rem 1rem}
.answer.good{border-color:var(--good)}.answer.bad{border-color:var(--bad)}.answer.unsure{border-color:var(--unsure)}
.about{font-size:.8rem;letter-spacing:.04em;text-transform:uppercase;color:var(--muted);margin:0}
.headline{font-size:1.15rem;font-weight:600;line-height:1.3}
.good .icon{color:var(--good)}.bad .icon{color:var(--bad)}.unsure .icon{color:var(--unsure)}.note .icon{color:var(--note)}
.alerts,.findings,.plain,.legend{margin:.4rem 0;padding:0;list-style:none}
.alerts li{border-left:.35rem solid var(--unsure);padding:.3rem .8rem;margin:.4rem 0;background:var(--card)}
.findings li{padding:.5rem 0;border-top:1px solid var(--grid);max-width:60rem}
.plain li{padding:.15rem 0 .15rem 1.1rem;text-indent:-1.1rem;max-width:60rem}
.plain li::before{content:"•";display:inline-block;width:1.1rem;text-indent:0;color:var(--muted)}
.level{font-weight:600}.level.error{color:var(--bad)}.level.warning{color:var(--unsure)}.level.info{color:var(--note)}
.code{color:var(--muted);font-size:.85em}
p code,figcaption code{white-space:nowrap}
pre{background:var(--card);padding:.6rem .8rem;margin:.4rem 0;overflow-x:auto;overflow-wrap:normal;font-size:.85rem;border-radius:.3rem}
.scroll{overflow-x:auto;position:relative}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;overflow-wrap:normal}
th,td{padding:.3rem .8rem .3rem 0;text-align:left;border-bottom:1px solid var(--grid);vertical-align:top}
thead th,thead td{color:var(--muted);font-weight:600;vertical-align:bottom}
tbody th{font-weight:600}
.name{display:inline-block;width:max-content;max-width:min(20rem,45vw);overflow-wrap:anywhere}
td{white-space:nowrap}
td:last-child{white-space:normal}
.n{text-align:right!important}
.swatch{display:inline-block;width:.8em;height:.8em;border-radius:.15em;margin-right:.4em;vertical-align:-.05em;background:var(--rest)}
${SWATCHES}
.tools{display:flex;flex-wrap:wrap;gap:.4rem 1.5rem;align-items:center;justify-content:space-between;margin-bottom:.8rem;background:var(--paper)}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem}
.legend label{display:inline-flex;align-items:center;min-height:1.75rem;cursor:pointer}
.legend input{width:1.1rem;height:1.1rem;margin:0 .45rem 0 0;accent-color:var(--link)}
.zoom{display:flex;flex-wrap:wrap;gap:.35rem;align-items:center}
.zoom[hidden]{display:none}
.zoom button{font:inherit;min-width:2.1rem;min-height:2.1rem;padding:0 .6rem;color:var(--ink);background:var(--card);border:1px solid var(--quiet);border-radius:.3rem;cursor:pointer}
.zoom button:disabled{color:var(--muted);cursor:default;border-color:var(--grid)}
.zoom output{font-size:.9rem;color:var(--muted);font-variant-numeric:tabular-nums}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,34rem),1fr));gap:2rem 2.5rem;align-items:start}
figure{margin:0;min-width:0}
figure.time{grid-column:1/-1}
.picture{position:relative;margin:.5rem 0}
.picture svg{font-family:Arimo,"Liberation Sans",Arial,Helvetica,sans-serif;display:block;max-width:100%;height:auto}
.still.narrow{display:none}
@media (max-width:34rem){.still.wide{display:none}.still.narrow{display:block}}
.live{display:none}
.lively .still{display:none!important}
.lively .live{display:block}
.time .live{touch-action:pan-y;cursor:crosshair}
.brush{position:absolute;top:0;bottom:0;background:var(--link);opacity:.2;pointer-events:none}
.tip{position:fixed;z-index:9;pointer-events:none;background:var(--paper);color:var(--ink);border:1px solid var(--quiet);border-radius:.3rem;padding:.35rem .6rem;font-size:.85rem;max-width:20rem;box-shadow:0 2px 8px #0004}
.tip dl{display:grid;grid-template-columns:auto 1fr;gap:0 .6rem;margin:0}
.tip dt{color:var(--muted)}.tip dd{margin:0}
details{font-size:.95rem}
summary{cursor:pointer;color:var(--link);width:fit-content;min-height:1.6rem}
footer{margin-top:2.5rem;font-size:.85rem}
@media (min-width:60rem){.tools{position:sticky;top:0;z-index:5;padding:.4rem 0;border-bottom:1px solid var(--grid)}}
@page{margin:14mm}
@media print{
body{padding:0;max-width:none;font-size:10pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.skip,.zoom,.tip,.brush,details,.live,.legend input{display:none!important}
.still.wide{display:block!important}
.still.narrow{display:none!important}
.tools{position:static;border:0}
.figures{display:block}
figure,.answer,tr,.findings li{break-inside:avoid}
figure{margin-bottom:9mm}
h2,h3,thead,figcaption{break-after:avoid}
.answers{grid-template-columns:repeat(3,1fr)}
.scroll{overflow:visible}
table{font-size:7.5pt}
th,td{padding-right:.4rem}
td:nth-child(2){white-space:normal}
.name{max-width:9rem}
pre{white-space:pre-wrap}
}
`;
