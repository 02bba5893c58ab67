// `npm run build`, and before the package is packed: sets up what is missing and compiles what is stale.

import { build, install } from './setup.mjs';

install();
await build('main');
