/** Keys that say themselves what they are, as their providers document them. Bounded, so that no text makes it slow. */
const FORMS: readonly RegExp[] = [
  /\bgh[pousr]_[A-Za-z0-9]{36,255}/g, // GitHub
  /\bgithub_pat_[A-Za-z0-9_]{22,255}/g,
  /\bgl(?:pat|ptt|rt|dt|soat|cbt|agent)-[\w-]{20,255}/g, // GitLab
  /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g, // AWS
  /\bxox[abeoprs]-[\w-]{10,255}/g, // Slack
  /\bxapp-\d-[\w-]{10,255}/g,
  /\bsk-(?:proj-|ant-|svcacct-|or-)[\w-]{20,255}/g, // OpenAI, Anthropic, OpenRouter
  /\bsk-[A-Za-z0-9]{32,255}/g,
  /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}/g, // Stripe
  /\bwhsec_[A-Za-z0-9+/=]{24,255}/g,
  /\bAIza[\w-]{35}/g, // Google
  /\bya29\.[\w-]{20,255}/g,
  /\bGOCSPX-[\w-]{20,80}/g,
  /\bSG\.[\w-]{16,64}\.[\w-]{16,128}/g, // SendGrid
  /\bnpm_[A-Za-z0-9]{36}/g,
  /\bpypi-AgE[\w-]{50,255}/g,
  /\bdo[op]_v1_[0-9a-f]{64}/g, // DigitalOcean
  /\bhf_[A-Za-z0-9]{30,80}/g, // Hugging Face
  /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}/g, // Shopify
  /\b\d{8,10}:AA[\w-]{33}/g, // Telegram bots
  /\bsyt_[\w-]{4,128}_[A-Za-z]{20}_[\w-]{6}/g, // Matrix
  /\bhv[sb]\.[\w-]{20,255}/g, // Vault
  /\bdckr_pat_[\w-]{20,80}/g,
  /\bglsa_[A-Za-z0-9]{32}_[0-9a-f]{8}/g, // Grafana
  /\bAGE-SECRET-KEY-1[0-9A-Z]{58}/g,
  /\blzt_[0-9a-f]{64}/g, // our own
  /\beyJ[\w-]{10,2048}\.eyJ[\w-]{10,4096}\.[\w-]{20,1024}/g, // JWT, RFC 7519
  /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[A-Za-z0-9+/=\s]{0,8192}(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?/g,
];

/** The text with every such key as `[secret]`; the same string when there is none. */
export const withoutKnownSecrets = (text: string): string =>
  FORMS.reduce((left, form) => left.replaceAll(form, SECRET_SHOWN), text);

/** What stands where a secret was. */
export const SECRET_SHOWN = "[secret]";
