// SPDX-License-Identifier: GPL-2.0-or-later
// pprof.mjs FILE: what npm's pprof-format reads of a profile: a line "total NAME UNIT SUM" for each
// sample type, "default NAME", "function NAME BYTES" of the default type for each innermost function,
// and a failure for anything that refers to nothing.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Profile } from "pprof-format";

const profile = Profile.decode(gunzipSync(readFileSync(process.argv[2])));
const text = (i) => {
  const s = profile.stringTable.strings[Number(i)];
  assert.equal(typeof s, "string", `no string ${i}`);
  return s;
};
const byId = (list) => new Map(list.map((x) => [Number(x.id), x]));
const locations = byId(profile.location);
const functions = byId(profile.function);
const mappings = byId(profile.mapping);
for (const [list, map] of [[profile.location, locations], [profile.function, functions],
                           [profile.mapping, mappings]]) {
  assert.equal(list.length, map.size, "an id is there twice");
  assert.ok(!map.has(0), "an id is 0");
}
assert.equal(text(0), "");
assert.ok(Number(profile.period) > 0);

const types = profile.sampleType.map((t) => ({ name: text(t.type), unit: text(t.unit), sum: 0n }));
const first = types.findIndex((t) => t.name === text(profile.defaultSampleType));
assert.ok(first >= 0);
const innermost = new Map();
for (const sample of profile.sample) {
  assert.equal(sample.value.length, types.length);
  assert.ok(sample.value.some((v) => BigInt(v) !== 0n), "a sample of nothing");
  sample.value.forEach((v, i) => (types[i].sum += BigInt(v)));
  sample.label.forEach((l) => text(l.key));
  const names = sample.locationId.flatMap((id) => {
    const location = locations.get(Number(id));
    assert.ok(location, `no location ${id}`);
    assert.ok(!Number(location.mappingId) || mappings.has(Number(location.mappingId)));
    return location.line.map((l) => text(functions.get(Number(l.functionId)).name));
  });
  assert.ok(names.length, "a sample without a name");
  innermost.set(names[0], (innermost.get(names[0]) ?? 0n) + BigInt(sample.value[first]));
}
for (const t of types) console.log(`total ${t.name} ${t.unit} ${t.sum}`);
if (profile.mapping.length) console.log(`program ${text(profile.mapping[0].filename)}`);
console.log(`default ${types[first].name}`);
for (const [name, bytes] of innermost) console.log(`function ${JSON.stringify(name)} ${bytes}`);
