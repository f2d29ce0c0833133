// A TAK device made of `@tak-ps/node-cot`: connects, speaks both forms, prints what it hears as GeoJSON lines. See test_node_cot.py.
import net from "node:net";
import { pathToFileURL } from "node:url";

const [folder, port] = process.argv.slice(2);
const { CoTParser } = await import(pathToFileURL(`${folder}/node_modules/@tak-ps/node-cot/dist/index.js`).href);
const times = `time="${new Date().toISOString()}" start="${new Date().toISOString()}" stale="${new Date(Date.now() + 60000).toISOString()}"`;
const event = (uid, type, detail) =>
  `<event version="2.0" uid="${uid}" type="${type}" how="m-g" ${times}><point lat="54.5" lon="-2.5" hae="1" ce="2" le="3"/><detail>${detail}</detail></event>`;

const socket = net.connect(Number(port), "127.0.0.1");
let held = Buffer.alloc(0);
let binary = false;
const tell = async (cot) => console.log(JSON.stringify({ uid: cot.uid(), type: cot.type(), form: binary ? "protobuf" : "xml", shape: await CoTParser.to_geojson(cot) }));
const varint = (n) => { const out = []; while (n > 127) { out.push((n & 127) | 128); n >>>= 7; } out.push(n); return Buffer.from(out); };

socket.on("data", async (data) => {
  held = Buffer.concat([held, data]);
  for (;;) {
    if (!binary) {
      const end = held.indexOf("</event>");
      if (end < 0) return;
      const text = held.subarray(0, end + 8).toString();
      held = held.subarray(end + 8);
      if (text.includes("t-x-takp-v")) socket.write(event("q", "t-x-takp-q", '<TakControl><TakRequest version="1"/></TakControl>'));
      else if (text.includes("t-x-takp-r")) {
        binary = true;
        while (held.length && held[0] !== 0xbf) held = held.subarray(1);
        const message = Buffer.from(await CoTParser.to_proto(CoTParser.from_xml(event("node-1", "a-f-G-U-C", '<contact callsign="NODE 1"/><takv device="x" platform="node" os="y" version="1"/>'))));
        socket.write(message[0] === 0xbf ? Buffer.concat([Buffer.from([0xbf]), varint(message.length - 3), message.subarray(3)]) : Buffer.concat([Buffer.from([0xbf]), varint(message.length), message]));
      } else await tell(CoTParser.from_xml(text));
    } else {
      if (held.length < 2) return;
      let at = 1, length = 0, shift = 0, byte;
      do { byte = held[at++]; length |= (byte & 127) << shift; shift += 7; } while (byte > 127 && at < held.length);
      if (held.length < at + length) return;
      const body = held.subarray(at, at + length);
      held = held.subarray(at + length);
      await tell(await CoTParser.from_proto(body));
    }
  }
});
