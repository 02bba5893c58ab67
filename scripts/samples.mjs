// `npm run samples [-- NAME…]`: makes the bundled samples again with the lab; needs root.

import { startLab } from './lab.mjs';

await startLab('samples.js', process.argv.slice(2));
