// Texts at hand, read as files of these names; the configuration in few words, and the notes as they are told.

import { placeText } from '#src/router/facts.js';
import { readRouterTexts } from '#src/router/read.js';

export function read(files: Record<string, string>) {
  const { config, notes } = readRouterTexts(
    Object.entries(files).map(([name, text]) => ({ name, path: `/${name}`, text })),
  );
  return {
    config,
    uplinks: (config?.uplinks ?? []).map(({ name, interface: dev, gateway, weight, snat, mark }) =>
      [
        name,
        dev ?? '-',
        gateway ?? '-',
        weight ?? '-',
        snat.map(({ text }) => text.replace(/\/(32|128)$/, '')).join(',') || '-',
        ...(mark === null ? [] : [`0x${mark.value.toString(16)}/0x${mark.mask.toString(16)}`]),
      ].join(' '),
    ),
    told: (kind: string) =>
      notes
        .filter((note) => note.kind === kind)
        .map(({ place, text }) => (place === null ? text : `${placeText(place)}: ${text}`)),
  };
}
