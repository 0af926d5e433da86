// Node as a server of the benchmarks: node peer.js WORK WIRE WHERE
//
// WORK protocol or http, WIRE tcp, tls or unix, WHERE a port or a path. Prints READY, where it listens and what it is.

'use strict';
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');

const [work, wire, where] = process.argv.slice(2);
const BACKLOG = 1024;

function echo(socket) {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
}

function answer(request, response) {
  if (request.url !== '/') {
    sendFile(path.join(process.env.BENCH_FILES, path.basename(request.url)), response);
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 13 });
  response.end('Hello, World!');
}

function sendFile(name, response) {
  fs.stat(name, (error, stat) => {
    response.writeHead(error ? 404 : 200, { 'Content-Type': 'text/plain', 'Content-Length': error ? 0 : stat.size });
    if (error) response.end();
    else fs.createReadStream(name).pipe(response);
  });
}

let server;
if (work === 'http') {
  server = http.createServer({ noDelay: true }, answer);
} else if (wire === 'tls') {
  const files = { cert: fs.readFileSync(process.env.BENCH_CERT), key: fs.readFileSync(process.env.BENCH_KEY) };
  server = tls.createServer(files, echo);
} else {
  server = net.createServer(echo);
}
const place = wire === 'unix' ? { path: where } : { host: '127.0.0.1', port: Number(where) };
server.listen({ ...place, backlog: BACKLOG }, () => {
  const address = wire === 'unix' ? where : server.address().port;
  console.log(`READY ${address} Node ${process.version}, libuv ${process.versions.uv}`);
});
