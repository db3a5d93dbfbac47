import type { Pattern, Rule } from "../rule.ts";
import { secretRule } from "./secret-rule.ts";

const HEADERS = ["", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ", "SSH2 ENCRYPTED ", "ANY "];
/** The last words of names that say that a value is a secret. */
const NAMES = [
  "password",
  "passwd",
  "passphrase",
  "secret",
  "secret_key",
  "secretkey",
  "secret_access_key",
  "secret_key_base",
  "session_token",
  "sharedaccesskey",
  "pwd",
  "access_key",
  "private_key",
  "privatekey",
  "api_key",
  "apikey",
  "api-key",
  "auth_token",
  "authtoken",
  "access_token",
  "accesstoken",
  "client_secret",
  "clientsecret",
  "token",
  "credentials",
  "account_key",
  "accountkey",
  "connectionstring",
  "_pass",
  ".pass",
  "master_key",
  "encryption_key",
  "signing_key",
  "app_key",
  "auth_key",
  "auth_salt",
  "logged_in_key",
  "logged_in_salt",
  "nonce_key",
  "nonce_salt",
  '"auth',
  "identitytoken",
  "registrytoken",
];
/** The same, where they are whole words: others end in them. */
const WHOLE_NAMES = ["pass", "psk", "wpa_psk"];

/** Commands and their options that take a password (`matching/shapes-credentials.ts`). */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  curl: ["-u:", "--user:", "--proxy-user:", "-b=", "--cookie="],
  wget: ["--password", "--http-password", "--ftp-password", "--proxy-password"],
  http: ["-a:", "--auth:"],
  mysql: ["-p+", "--password"],
  mysqldump: ["-p+", "--password"],
  mysqladmin: ["-p+", "--password"],
  mariadb: ["-p+", "--password"],
  sshpass: ["-p"],
  "redis-cli": ["-a", "--pass"],
  mongo: ["-p", "--password"],
  mongosh: ["-p", "--password"],
  mongodump: ["-p", "--password"],
  "docker login": ["-p", "--password"],
  "podman login": ["-p", "--password"],
  "helm registry login": ["-p", "--password"],
  "az login": ["-p", "--password"],
  ldapsearch: ["-w"],
  ldapmodify: ["-w"],
  ldapadd: ["-w"],
  sqlcmd: ["-P"],
};

/** Methods of hashing passwords, as they stand before the salt. */
const HASHES = [
  ...["$1$", "$5$", "$6$", "$7$", "$y$", "$gy$", "$2a$", "$2b$", "$2y$", "$apr1$", "$P$", "$H$", "$sha1$"],
  ...["$argon2i$", "$argon2d$", "$argon2id$", "$scrypt$", "$pbkdf2", "pbkdf2_sha256$", "bcrypt_sha256$"],
  ...["{SHA}", "{SSHA}", "{SSHA256}", "{SSHA512}", "{CRYPT}"],
];
const ELEMENTS = ["password", "passwd", "passphrase", "pwd"];
const OPAQUE_ELEMENTS = ["secret", "secretkey", "apikey", "token", "privatekey", "clientsecret", "accesskey"];

/** Secrets that have no form of their own: what stands around them gives them away. */
export const SECRET_PLACES: readonly Rule[] = [
  secretRule("private-key", "A private key in PEM (RFC 7468), OpenSSH's form, or OpenPGP's", [
    ...HEADERS.map(
      (kind): Pattern => ({
        kind: "trigger",
        trigger: { text: `-----BEGIN ${kind}PRIVATE KEY-----`, shape: "private-key" },
      }),
    ),
    { kind: "trigger", trigger: { text: "-----BEGIN PGP PRIVATE KEY BLOCK-----", shape: "private-key" } },
    { kind: "trigger", trigger: { text: "-----BEGIN OpenVPN Static key V1-----", shape: "private-key" } },
  ]),
  secretRule("putty-key", "A private key of PuTTY", [
    { kind: "trigger", trigger: { text: "Private-Lines: ", shape: "putty-key" } },
  ]),
  secretRule("json-web-token", "A JSON Web Token (RFC 7519)", [
    { kind: "trigger", trigger: { text: "eyJ", shape: "json-web-token" } },
  ]),
  secretRule("url-password", "A password in a URL or a connection string", [
    { kind: "trigger", trigger: { text: "://", shape: "url-password" } },
  ]),
  secretRule("authorization", "A credential in an HTTP header or a registry's configuration", [
    { kind: "trigger", trigger: { text: "authorization", anyCase: true, shape: "authorization" } },
    { kind: "trigger", trigger: { text: "x-api-key:", anyCase: true, shape: "credential-after" } },
    { kind: "trigger", trigger: { text: "_auth=", at: "line-start", shape: "credential-after" } },
    { kind: "trigger", trigger: { text: "_auth =", at: "line-start", shape: "credential-after" } },
    ...["PrivateKey=", "PresharedKey="].map(
      (text): Pattern => ({ kind: "trigger", trigger: { text, at: "line-start", shape: "credential-after" } }),
    ),
    ...["password", "secret", "token", "apikey"].map(
      (name): Pattern => ({
        kind: "trigger",
        trigger: { text: `${name}" value="`, anyCase: true, shape: "credential-after", values: ["8"] },
      }),
    ),
    ...[
      "_authToken=",
      ":_auth=",
      ":_password=",
      "AccountKey=",
      "SharedAccessKey=",
      "?sig=",
      "&sig=",
      '"auth":"',
      '"auth": "',
      "client-key-data:",
      'client-key-data":',
      "encrypted secret key\n",
      "PrivateKey =",
      "PresharedKey =",
    ].map((text): Pattern => ({ kind: "trigger", trigger: { text, shape: "credential-after" } })),
  ]),
  secretRule("assignment", "A value of which the name says that it is a secret", [
    ...NAMES.map((text): Pattern => ({ kind: "trigger", trigger: { text, anyCase: true, shape: "assigned-secret" } })),
    ...WHOLE_NAMES.map(
      (text): Pattern => ({
        kind: "trigger",
        trigger: { text, anyCase: true, at: "word-start", shape: "assigned-secret" },
      }),
    ),
  ]),
  secretRule("netrc", "A password of a file of credentials for many hosts", [
    ...["machine", "default"].map(
      (text): Pattern => ({ kind: "trigger", trigger: { text, at: "word", shape: "netrc-password" } }),
    ),
  ]),
  secretRule("pgpass", "A password of PostgreSQL's file of them", [
    ...[":5432:", ":5433:", ":6432:", ":*:"].map(
      (text): Pattern => ({ kind: "trigger", trigger: { text, shape: "pgpass-password" } }),
    ),
  ]),
  secretRule(
    "command-line",
    "A password in the arguments of a command",
    Object.entries(COMMANDS).map(([text, values]) => ({
      kind: "trigger",
      trigger: { text, at: "word", shape: "command-password", values },
    })),
  ),
  secretRule("cookie", "A cookie of a session", [
    { kind: "trigger", trigger: { text: "cookie", anyCase: true, shape: "cookie-value" } },
  ]),
  secretRule(
    "password-hash",
    "A hash of a password, from which it can be guessed",
    HASHES.map((text) => ({ kind: "trigger", trigger: { text, shape: "password-hash" } })),
  ),
  secretRule("element", "A secret in an element of XML", [
    ...ELEMENTS.map(
      (name): Pattern => ({
        kind: "trigger",
        trigger: { text: `<${name}>`, anyCase: true, shape: "element-secret" },
      }),
    ),
    ...OPAQUE_ELEMENTS.map(
      (name): Pattern => ({
        kind: "trigger",
        trigger: { text: `<${name}>`, anyCase: true, shape: "element-secret", values: ["opaque"] },
      }),
    ),
  ]),
  secretRule("json-web-key", "The private part of a JSON Web Key (RFC 7517)", [
    ...["d", "k", "p", "q", "dp", "dq", "qi"].map(
      (name): Pattern => ({ kind: "trigger", trigger: { text: `"${name}"`, shape: "jwk-member" } }),
    ),
  ]),
  secretRule("directive", "A password of a settings file", [
    ...["requirepass ", "masterauth ", "rocommunity ", "rwcommunity ", "passin pass:", "passout pass:"].map(
      (text): Pattern => ({ kind: "trigger", trigger: { text, at: "word-start", shape: "directive-value" } }),
    ),
  ]),
];
