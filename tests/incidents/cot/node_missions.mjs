// Missions and files as `@tak-ps/node-tak` (CloudTAK's library) asks for them; prints what it was told as one line of JSON. See test_node_tak.py.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, port, pem, number, uid, drawn] = process.argv.slice(2);
const at = (path) => import(pathToFileURL(`${folder}/node_modules/@tak-ps/node-tak/dist/${path}`).href);
const { default: TAKAPI } = await at("lib/api.js");
const { APIAuthCertificate } = await at("lib/auth.js");
const identity = readFileSync(pem, "utf8");
const api = await TAKAPI.init(new URL(`https://localhost:${port}`), new APIAuthCertificate(identity, identity));

const told = {};
told.listed = (await api.Mission.list({})).data.map((mission) => mission.name);
const mission = await api.Mission.get(number, {});
told.guid = mission.guid;
told.byGuid = (await api.Mission.getGuid(mission.guid, {})).name;
told.role = (await api.Mission.role(number)).type;
told.subscribed = (await api.Mission.subscribe(mission.guid, { uid })).data.clientUid;
told.subscription = (await api.Mission.subscription(number, { uid })).clientUid;
told.subscribers = (await api.Mission.subscriptions(number)).data;
told.roles = (await api.Mission.subscriptionRoles(number)).data.length;
told.added = (await api.Mission.attachContents(number, { uids: [drawn] })).data[0].uids.map((one) => one.data);
told.features = (await api.Mission.latestFeats(number)).map((feature) => [feature.id, feature.properties.callsign, feature.geometry.coordinates.slice(0, 2)]);
told.changes = (await api.Mission.changes(mission.guid, {})).data.map((change) => change.type);
told.log = (await api.MissionLog.create(number, { dtg: new Date().toISOString(), content: "from CloudTAK's library", creatorUid: uid })).data.content;
told.invites = (await api.MissionInvite.list(uid)).data.length;
told.contacts = (await api.Contacts.list()).map((contact) => contact.uid);
told.clients = (await api.Client.list()).data.map((client) => client.uid);
told.groups = (await api.Group.list()).data.map((group) => group.name);
told.removed = (await api.Mission.detachContents(number, { uid: drawn })).data[0].uids.map((one) => one.data);
await api.Mission.unsubscribe(number, { uid });
told.refused = await api.Mission.delete(number, {}).then(() => "deleted", (error) => error.status);
console.log(JSON.stringify(told));
process.exit(0);
