// A real OpenID Connect provider for tests: `node provider.mjs PORT APP PEOPLE`. New keys at every start: a restart is a rotation.
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const [port, app, people] = process.argv.slice(2);
const accounts = JSON.parse(people);
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

const provider = new Provider(`http://localhost:${port}`, {
  jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256' }] },
  cookies: { keys: ['only for tests'] },
  clients: [{
    client_id: 'bluelamp',
    client_secret: 'a secret that only the tests know',
    redirect_uris: [`${app}/v1/oidc/main/callback`],
    post_logout_redirect_uris: [`${app}/`],
    backchannel_logout_uri: `${app}/v1/oidc/main/back-channel-logout`,
    backchannel_logout_session_required: true,
  }],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups', 'force'] },
  findAccount: (_context, id) => accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
  // The provider will not call addresses of this machine, which is where the platform under test is.
  fetch: (url, options) => globalThis.fetch(url, { ...options, dispatcher: undefined }),
  pkce: { required: () => true },
  // Nobody is asked for consent: a force's provider decides that for its people.
  async loadExistingGrant(context) {
    const grant = new context.oidc.provider.Grant({ clientId: context.oidc.client.clientId, accountId: context.oidc.session.accountId });
    grant.addOIDCScope('openid profile');
    await grant.save();
    return grant;
  },
});
provider.on('backchannel.error', (_context, error, client) => process.stderr.write(`back-channel logout to ${client.clientId}: ${error.stack} ${error.cause ?? ''}\n`));
provider.listen(Number(port), 'localhost', () => process.stdout.write('ready\n'));
