// The Hello that is launched and timed: hello.js SECONDS, as hello.py and Hello.java.

'use strict';
const { setTimeout: sleep } = require('node:timers/promises');

async function main() {
  console.log('Hello ...');
  await sleep(Number(process.argv[2]) * 1000);
  console.log('World!');
}

main();
