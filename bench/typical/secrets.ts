import { noise } from "./made-up.ts";

/** Made-up secrets in the forms that services give them out, made when asked for so that no scanner takes this file for a leak. */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
let seed = 1;

const letters = (count: number, alphabet = LETTERS): string =>
  [...noise(count, seed++)].map((byte) => alphabet.charAt(byte % alphabet.length)).join("");
const hex = (count: number): string => noise(count, seed++).toString("hex").slice(0, count);
const base64 = (bytes: number): string => noise(bytes, seed++).toString("base64");
const pem = (kind: string): string =>
  `-----BEGIN ${kind}-----\n${base64(600).replace(/.{64}/g, "$&\n")}\n-----END ${kind}-----\n`;

const uuid = (): string => [8, 4, 4, 4, 12].map((digits) => hex(digits)).join("-");

/** What it is -> makes one, as it stands in a file. */
export const SECRETS: Readonly<Record<string, () => string>> = {
  "AWS access key": () => `AKIA${letters(16, CAPITALS)}`,
  "Cerebras key": () => `csk-${letters(48)}`,
  "Fireworks key": () => `fw_${letters(24)}`,
  "ElevenLabs key": () => `sk_${hex(48)}`,
  "LangSmith key": () => `lsv2_pt_${hex(32)}_${hex(10)}`,
  "Langfuse key": () => `sk-lf-${uuid()}`,
  "Tavily key": () => `tvly-dev-${letters(32)}`,
  "Firecrawl key": () => `fc-${hex(32)}`,
  "Pinecone key": () => `pcsk_${letters(6)}_${letters(63)}`,
  "E2B key": () => `e2b_${hex(40)}`,
  "NVIDIA key": () => `nvapi-${letters(64)}`,
  "Voyage key": () => `pa-${letters(43)}`,
  "Jina key": () => `jina_${hex(32)}${letters(28)}`,
  "PostHog personal key": () => `phx_${letters(43)}`,
  "Resend key": () => `re_${letters(8)}_${letters(24)}`,
  "Render key": () => `rnd_${letters(28)}`,
  "Neon key": () => `napi_${letters(64)}`,
  "Cloudflare origin key": () => `v1.0-${hex(24)}-${hex(146)}`,
  "GitLab runner's registration": () => `GR1348941${letters(20)}`,
  "Bedrock key": () => `ABSK${letters(110)}`,
  "Bedrock short-term key": () => `bedrock-api-key-${letters(120)}`,
  "Slack session cookie": () => `xoxd-${letters(80)}`,
  "Slack rotating token": () => `xoxe.xoxp-1-${letters(160)}`,
  "LaunchDarkly key": () => `sdk-${uuid()}`,
  "HubSpot token": () => `pat-na1-${uuid()}`,
  "Plaid token": () => `access-production-${uuid()}`,
  "Flutterwave key": () => `FLWSECK-${hex(32)}-X`,
  "Lob key": () => `live_${hex(35)}`,
  "Hugging Face organisation": () => `api_org_${letters(34)}`,
  "AWS access key of the documentation": () => `AKIA${"IOSFODNN7EXAMPLE"}`,
  "AWS secret key in a settings file": () => "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  "AWS credentials file": () => `aws_secret_access_key = ${letters(40)}`,
  "GitHub personal token": () => `ghp_${letters(36)}`,
  "GitHub OAuth token": () => `gho_${letters(36)}`,
  "GitHub fine-grained token": () => `github_pat_${letters(22)}_${letters(59)}`,
  "GitLab token": () => `glpat-${letters(20)}`,
  "Slack bot token": () => `xoxb-123456789012-1234567890123-${letters(24)}`,
  "Slack webhook": () =>
    `https://hooks.slack.com/services/T${letters(8, CAPITALS)}/B${letters(8, CAPITALS)}/${letters(24)}`,
  "Stripe key": () => `sk_live_${letters(24)}`,
  "Google API key": () => `AIza${letters(35)}`,
  "OpenAI key": () => `sk-${letters(20)}T3BlbkFJ${letters(20)}`,
  "OpenAI project key": () => `sk-proj-${letters(48)}_${letters(40)}`,
  "Anthropic key": () => `sk-ant-api03-${letters(90)}-${letters(3)}AA`,
  "Hugging Face token": () => `hf_${letters(34)}`,
  "npm token": () => `npm_${letters(36)}`,
  "PyPI token": () => `pypi-AgEIcHlwaS5vcmc${letters(150)}`,
  "Docker Hub token": () => `dckr_pat_${letters(27)}`,
  "SendGrid key": () => `SG.${letters(22)}.${letters(43)}`,
  "Mailgun key": () => `key-${hex(32)}`,
  "Twilio key": () => `SK${hex(32)}`,
  "Telegram token": () => `123456789:AA${letters(33)}`,
  "Discord webhook": () => `https://discord.com/api/webhooks/123456789012345678/${letters(68)}`,
  "Databricks token": () => `dapi${hex(32)}`,
  "Vault token": () => `hvs.${letters(90)}`,
  "Vault token in a settings file": () => `VAULT_TOKEN=s.${letters(24)}`,
  "Terraform token": () => `${letters(14)}.atlasv1.${letters(64)}`,
  "Grafana token": () => `glsa_${letters(32)}_${hex(8)}`,
  "New Relic key": () => `NRAK-${letters(27, CAPITALS)}`,
  "Sentry token": () => `sntrys_${letters(80)}`,
  "Dynatrace token": () => `dt0c01.${letters(24, CAPITALS)}.${letters(64, CAPITALS)}`,
  "PlanetScale token": () => `pscale_tkn_${letters(43)}`,
  "Shopify token": () => `shpat_${hex(32)}`,
  "Square token": () => `sq0atp-${letters(22)}`,
  "DigitalOcean token": () => `dop_v1_${hex(64)}`,
  "Linear key": () => `lin_api_${letters(40)}`,
  "Notion token": () => `ntn_${letters(46)}`,
  "Figma token": () => `figd_${letters(40)}`,
  "Airtable token": () => `pat${letters(14)}.${hex(64)}`,
  "Doppler token": () => `dp.pt.${letters(43)}`,
  "Pulumi token": () => `pul-${hex(40)}`,
  "Entra client secret": () => `${letters(3)}8Q~${letters(34)}`,
  "Azure storage connection string": () =>
    `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=${base64(64)};EndpointSuffix=core.windows.net`,
  "Azure Service Bus connection string": () =>
    `Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=${base64(32)}`,
  "JSON Web Token": () =>
    `eyJ${Buffer.from("hbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9").toString()}.eyJ${letters(60)}.${letters(43)}`,
  "PostgreSQL URL": () => "postgres://app:s3cr3tpw@db.internal:5432/app",
  "MongoDB URL": () => "mongodb+srv://u:Pa55word@cluster0.mongodb.net/x",
  "Redis URL": () => "redis://:p4ssw0rd@localhost:6379",
  "AMQP URL": () => "amqp://guest:gu3st@mq/",
  "SQL Server connection string": () => "Server=db;Database=x;User Id=sa;Password=Str0ngPass!;",
  "JDBC URL": () => "jdbc:postgresql://db/x?user=a&password=s3cr3tpw",
  "RSA private key": () => pem("RSA PRIVATE KEY"),
  "OpenSSH private key": () => pem("OPENSSH PRIVATE KEY"),
  "service account with a private key": () =>
    JSON.stringify({ type: "service_account", private_key: pem("PRIVATE KEY") }),
  "Bearer header": () => `Authorization: Bearer ${letters(40)}`,
  "Basic header": () => `authorization: Basic ${base64(20)}`,
  "npm configuration": () => `//registry.example.org/:_authToken=${letters(36)}`,
  "WireGuard key": () => `PrivateKey = ${base64(32)}`,
  "password in a settings file": () => "DB_PASSWORD=hunter2",
  "API key in a settings file": () => "API_KEY=abcd1234efgh5678",
  "quoted secret in a settings file": () => `SECRET_KEY="dj4ng0-s3cr3t-k3y-${letters(20)}"`,
  "password in YAML": () => "  password: S3cure-Passw0rd!",
  "API key in JSON": () => `{"apiKey":"${letters(32)}"}`,
  "UUID that is a key": () => "HEROKU_API_KEY=3f2504e0-4f89-41d3-9a0c-0305e82c3301",
  "settings file in base64": () => Buffer.from(`DB_PASSWORD=hunter22\nTOKEN=ghp_${letters(36)}`).toString("base64"),
  "age key": () => `AGE-SECRET-KEY-1${letters(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L")}`,
  "Supabase token": () => `sbp_${hex(40)}`,
  "Tailscale key": () => `tskey-auth-${letters(12)}-${letters(32)}`,
  "Docker configuration": () => `{"auths":{"x":{"auth":"${Buffer.from(`user:${letters(20)}`).toString("base64")}"}}}`,
  "Heroku key": () => `HRKU-${letters(36)}`,
  "Google client secret": () => `GOCSPX-${letters(28)}`,
  "Google access token": () => `ya29.${letters(120)}`,
  "Mailchimp key": () => `${hex(32)}-us12`,
  "Rails secret": () => `secret_key_base: ${hex(128)}`,
  "Azure shared access signature": () =>
    `https://x.blob.core.windows.net/c?sv=2022-11-02&sig=${encodeURIComponent(base64(32))}&se=2030`,
  "AWS session token": () => `aws_session_token=${base64(200)}`,
  "Firebase key": () => `AAAA${letters(7)}:APA91b${letters(134)}`,
};
