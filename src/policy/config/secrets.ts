/** Files that programs keep passwords, tokens and private keys in, by name: left out of what tools see, unless a mount says otherwise. */
export const SECRET_FILES: readonly string[] = [
  // Of projects.
  ...[
    ".env",
    ".env.*",
    ".envrc",
    ".dev.vars",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".netrc",
    "_netrc",
    ".git-credentials",
  ],
  ...[
    "credentials.json",
    "service-account*.json",
    "client_secret*.json",
    ".htpasswd",
    ".pgpass",
    ".my.cnf",
    "*.tfstate",
  ],
  ...["*.tfstate.backup", "*.tfvars", ".vault-token", ".terraformrc", "secrets.yml", "secrets.yaml", "master.key"],
  // Keys and their containers.
  ...["*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.ppk", "*.kdbx", "*.kdb"],
  ...["id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"],
  // Of people.
  ...[".ssh/**", ".gnupg/**", ".aws/**", ".azure/**", ".kube/config", ".docker/config.json", ".config/gcloud/**"],
  ...[
    ".config/gh/hosts.yml",
    ".password-store/**",
    ".cargo/credentials*",
    ".gem/credentials",
    ".bash_history",
    ".zsh_history",
  ],
];
