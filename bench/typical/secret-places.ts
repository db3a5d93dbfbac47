import { noise } from "./made-up.ts";

/** Secrets that have no form of their own, as they stand in files, commands and headers; made when asked for, as in `secrets.ts`. */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
let seed = 5000;

const letters = (count: number, alphabet = LETTERS): string =>
  [...noise(count, seed++)].map((byte) => alphabet.charAt(byte % alphabet.length)).join("");
const base64 = (bytes: number): string => noise(bytes, seed++).toString("base64");
const hex = (count: number): string => noise(count, seed++).toString("hex").slice(0, count);
const pair = (password: string): string => Buffer.from(`user:${password}`).toString("base64");

const password = (): string => `Tr0ub4dor&${letters(3)}`;
const word = (): string => "hunterstwo";
const number = (): string => "s3cr3t7";
const key = (): string => `${letters(30)}4xY9`;

/** What it is -> how it is written around a secret, and makes one. */
export const SECRETS_IN_PLACES: Readonly<
  Record<string, readonly [write: (secret: string) => string, make: () => string]>
> = {
  "netrc, one line": [(it) => `machine api.host.org login me@host.org password ${it}`, password],
  "netrc, lines": [(it) => `machine ftp.host.org\n  login bob\n  password ${it}`, word],
  "netrc, default": [(it) => `default login anonymous password ${it}`, password],
  "netrc, account between": [(it) => `machine h login u account a password ${it}`, word],
  pgpass: [(it) => `db.host.org:5432:app:appuser:${it}`, password],
  "pgpass, any host": [(it) => `*:*:*:postgres:${it}`, word],
  "pgpass, any database": [(it) => `localhost:5432:*:postgres:${it}`, number],
  "curl -u": [(it) => `curl -u admin:${it} https://h.org/`, password],
  "curl -u, at once": [(it) => `curl -X POST -uadmin:${it} http://h/`, password],
  "curl --user, quoted": [(it) => `curl -sS --user 'admin:${it}' https://h.org`, password],
  "curl --proxy-user": [(it) => `curl --proxy-user bob:${it} http://h`, password],
  "curl -b": [(it) => `curl -b 'session=${it}' http://h`, key],
  "curl -H Cookie": [(it) => `curl -H 'Cookie: a=b; session=${it}; x=y' http://h`, key],
  "wget --password=": [(it) => `wget --password=${it} ftp://h/f`, password],
  "wget --http-password": [(it) => `wget --http-password '${it}' http://h/f`, password],
  "mysql -p": [(it) => `mysql -u root -p${it} app`, password],
  "mysqldump --password=": [(it) => `mysqldump --password=${it} app`, word],
  sshpass: [(it) => `sshpass -p '${it}' ssh h`, password],
  "redis-cli -a": [(it) => `redis-cli -h h -a ${it} ping`, password],
  "mongosh -p": [(it) => `mongosh --host h -u a -p ${it}`, password],
  "docker login -p": [(it) => `docker login -u bob -p ${it} registry`, password],
  "ldapsearch -w": [(it) => `ldapsearch -x -D cn=admin -w ${it}`, password],
  "openssl -passin": [(it) => `openssl rsa -passin pass:${it} -in k`, password],
  "PGPASSWORD before a command": [(it) => `PGPASSWORD=${it} psql -h x`, word],
  "an option of any command": [(it) => `deploy --verbose --db-password=${it} --now`, number],
  Cookie: [(it) => `Cookie: theme=dark; sessionid=${it}; csrftoken=ab`, key],
  "Set-Cookie": [(it) => `Set-Cookie: sid=${it}; Path=/; HttpOnly`, () => base64(32)],
  "Cookie as a member": [(it) => `{"cookie": "session=${it}"}`, key],
  "Authorization: Basic": [(it) => `Authorization: Basic ${it}`, () => pair(password())],
  "Authorization in JSON": [(it) => `{"Authorization": "Basic ${it}"}`, () => pair("x1")],
  "Authorization in Python": [(it) => `headers = {'Authorization': 'Bearer ${it}'}`, key],
  "Authorization: ApiKey": [(it) => `authorization: ApiKey ${it}`, key],
  "Authorization: Digest": [(it) => `Authorization: Digest username="M", response="${it}"`, () => hex(32)],
  "JWK, RSA": [(it) => `{"kty":"RSA","n":"${letters(342)}","e":"AQAB","d":"${it}"}`, () => letters(342)],
  "JWK, EC, other order": [(it) => `{"d": "${it}", "crv": "P-256", "kty": "EC"}`, () => letters(43)],
  "JWK, octets": [(it) => `{"kty": "oct", "k": "${it}"}`, () => letters(43)],
  "htpasswd, apr1": [(it) => `bob:$apr1$hRY7OJWH$${it}`, () => letters(22)],
  "htpasswd, bcrypt": [(it) => `bob:$2y$05$${it}`, () => letters(53)],
  "htpasswd, SHA": [(it) => `bob:{SHA}${it}`, () => `qZ3${base64(20).slice(3)}`],
  "LDAP, SSHA": [(it) => `userPassword: {SSHA}${it}`, () => base64(24)],
  "shadow, SHA-512": [(it) => `root:$6$${letters(16)}$${it}:19000:0:99999:7:::`, () => letters(86)],
  "shadow, yescrypt": [(it) => `root:$y$j9T$${letters(22)}$${it}:19000:0:99999:7:::`, () => letters(43)],
  "shadow, rounds": [(it) => `u:$5$rounds=5000$${letters(16)}$${it}:1:`, () => letters(43)],
  argon2: [(it) => `$argon2id$v=19$m=65536,t=3,p=4$${letters(22)}$${it}`, () => letters(43)],
  "Django's hash": [(it) => `pbkdf2_sha256$260000$${letters(22)}$${it}`, () => base64(32)],
  DB_PASSWORD: [(it) => `DB_PASSWORD=${it}`, word],
  DB_PASS: [(it) => `DB_PASS=${it}`, word],
  "DB_PASS, short": [(it) => `DB_PASS=${it}`, number],
  "DB_PASS, exported and quoted": [(it) => `export DB_PASS='${it}'`, password],
  "POSTGRES_PASSWORD in YAML": [(it) => `POSTGRES_PASSWORD: ${it}`, word],
  "a list in a Compose file": [(it) => `      - MYSQL_ROOT_PASSWORD=${it}`, word],
  "ENV in a Dockerfile": [(it) => `ENV DB_PASSWORD=${it}`, word],
  "define in PHP": [(it) => `define('DB_PASSWORD', '${it}');`, password],
  "salts of WordPress": [
    (it) => `define('AUTH_KEY',         '${it}');`,
    () => `v%^x9&2kJ!s@Lq#z8P$w0)r*Tn(B7m-${letters(9)}`,
  ],
  "Spring's properties": [(it) => `spring.datasource.password=${it}`, word],
  "Gradle's properties": [(it) => `storePassword=${it}`, word],
  "Maven's settings": [(it) => `<server><id>x</id><password>${it}</password></server>`, number],
  "a passphrase in XML": [(it) => `<passphrase>${it}</passphrase>`, word],
  "an API key in XML": [(it) => `<apiKey>${it}</apiKey>`, () => `a1b2c3${hex(34)}`],
  "an attribute": [(it) => `<user username="t" password="${it}" roles="m"/>`, number],
  "a pair of attributes": [(it) => `<add key="ApiSecret" value="${it}"/>`, key],
  "npmrc _auth": [(it) => `_auth=${it}`, () => base64(24)],
  "npmrc _auth, quoted": [(it) => `_auth = "${it}"`, key],
  "Docker's auths": [(it) => `{"auths":{"https://h/v1/":{"auth":   "${it}"}}}`, () => pair(`Qx7${letters(12)}9z`)],
  "Docker's identity token": [(it) => `"identitytoken": "${it}"`, key],
  "kubeconfig's key": [(it) => `    client-key-data: ${it}`, () => base64(1200)],
  "kubeconfig's key in JSON": [(it) => `"client-key-data":"${it}"`, () => base64(1200)],
  "git-credentials": [(it) => `https://bob:${it}@github.com`, word],
  "git-credentials, token only": [(it) => `https://${it}@github.com`, key],
  "Rails' master key": [(it) => `RAILS_MASTER_KEY=${it}`, () => `a1${hex(30)}`],
  "Django's key": [(it) => `SECRET_KEY = 'django-insecure-${it}'`, () => `k#3z@x!9p$w^q&r*t(y)u-i_o=p+${letters(20)}`],
  "Laravel's key": [(it) => `APP_KEY=base64:${it}`, () => base64(32)],
  "WireGuard's key, tight": [(it) => `PrivateKey=${it}`, () => base64(32)],
  "age's plug-in": [(it) => `AGE-PLUGIN-YUBIKEY-1${it}`, () => letters(40, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L")],
  minisign: [(it) => `untrusted comment: minisign encrypted secret key\n${it}`, () => `RWRTY0Iy${base64(150)}`],
  "OpenVPN's static key": [
    (it) => `-----BEGIN OpenVPN Static key V1-----\n${it}\n-----END OpenVPN Static key V1-----`,
    () => hex(512).replace(/.{32}(?=.)/g, "$&\n"),
  ],
  "a wireless network": [(it) => `    psk="${it}"`, password],
  "Redis' settings": [(it) => `requirepass ${it}`, password],
  "an inline password of libpq": [(it) => `host=h user=u password=${it} dbname=d`, word],
  "a JDBC address": [(it) => `jdbc:mysql://h/db?user=u&password=${it}`, word],
  ODBC: [(it) => `Server=h;Uid=u;Pwd=${it};`, word],
  "Ansible's variables": [(it) => `ansible_become_password: ${it}`, password],
  "pass of rclone": [(it) => `pass = ${it}`, key],
  "Cisco's settings": [(it) => `enable secret 5 $1$mERr$${it}`, () => letters(22)],
};

/** What looks like one of these and is none. */
export const NO_SECRETS_IN_PLACES: readonly string[] = [
  "The machine has a login prompt, and asks for the password of the user.",
  "mysql -u root -p app\nmysql -u root -p\ncurl -u user https://h\ncurl -u $USER:$PASSWORD https://h",
  "Cookie: theme=dark; lang=en\nSet-Cookie: a=b; Path=/\nThe cookie: a small file.\nvar cookie = document.cookie;",
  'WWW-Authenticate: Basic realm="x"\nAuthorization: Basic <credentials>\nAuthorization: Bearer ${TOKEN}',
  '<path d="M10 20L30 40"/> {"d":"2024-01-01","k":"v"} {"kty":"RSA","n":"abc","e":"AQAB"}',
  "echo $1$2 costs $5$ and $6$ more; a{SHA}b",
  "<password></password> <password>${env.PASSWORD}</password> <token>EOF</token>",
  "password = getpass.getpass()\npassword=password,\nself.password = password\npass = lambda x: x",
  "DB_PASSWORD=\nDB_PASS=$DB_PASS\nPASSWORD=${PASSWORD}\ntest_pass: true\nbypass=enabled",
  "10:5432:20:30 a:*:b\nlisten 0.0.0.0:5432: ok",
  'const { password: userPassword } = body; input[type="password"] {}',
  "requirepass\n# requirepass <password>\npassin and passout are options.",
];
