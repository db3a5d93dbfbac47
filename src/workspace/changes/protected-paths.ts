/** Paths whose content somebody's tools run or trust without being asked. Approving one takes a yes that names it. */
export interface ProtectedPath {
  /** Names joined by `/`, anywhere in a path, in any case; `*` is any part of a name, `**` any number of names. */
  readonly pattern: string;
  readonly reason: string;
}

const HOOK = "git runs it";
const SHELL = "a shell runs it at start";
const KEYS = "it decides who may log in, or holds keys";
const CI = "it runs on the build server";
const AGENT = "it tells coding agents what to do, or starts programs for them";
const EDITOR = "an editor starts programs from it";
const PACKAGES = "a package manager runs or trusts it";
const SYSTEM = "the system starts programs from it";
const OWN = "it configures what contains the agents";

export const PROTECTED_PATHS: readonly ProtectedPath[] = [
  ...list(HOOK, ".git/hooks", ".git/config", ".git/config.worktree", ".git/info/attributes", ".git/commondir"),
  ...list(HOOK, ".git/modules/**/hooks", ".git/modules/**/config", ".git/worktrees/*/config.worktree", ".gitmodules"),
  ...list(
    HOOK,
    ".gitconfig",
    ".config/git",
    ".husky",
    ".githooks",
    "lefthook.yml",
    ".pre-commit-config.yaml",
    ".hg/hgrc",
  ),
  ...list(SHELL, ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".inputrc"),
  ...list(SHELL, ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".oh-my-zsh", ".config/fish", ".cshrc"),
  ...list(SHELL, ".tcshrc", ".kshrc", ".login", ".xprofile", ".xinitrc", ".xsession", ".pam_environment", ".tmux.conf"),
  ...list(
    SHELL,
    ".envrc",
    ".direnv",
    ".mise.toml",
    "mise.toml",
    ".tool-versions",
    ".pythonstartup",
    ".pdbrc",
    ".gdbinit",
  ),
  ...list(
    KEYS,
    ".ssh",
    ".gnupg",
    ".netrc",
    ".aws",
    ".kube",
    ".docker/config.json",
    ".config/gcloud",
    ".password-store",
  ),
  ...list(KEYS, ".git-credentials", "etc/passwd", "etc/shadow", "etc/sudoers", "etc/sudoers.d", "etc/pam.d"),
  ...list(CI, ".github/workflows", ".github/actions", ".gitlab-ci.yml", ".gitlab/ci", "jenkinsfile", ".circleci"),
  ...list(CI, ".travis.yml", "azure-pipelines.yml", ".azure-pipelines", "bitbucket-pipelines.yml", ".drone.yml"),
  ...list(CI, ".buildkite", ".woodpecker", ".woodpecker.yml", ".forgejo/workflows", ".gitea/workflows", ".teamcity"),
  ...list(AGENT, ".mcp.json", "mcp.json", ".claude", "claude.md", "claude.local.md", ".claude.json", "agents.md"),
  ...list(
    AGENT,
    ".agents",
    ".cursor",
    ".cursorrules",
    ".windsurf",
    ".windsurfrules",
    ".clinerules",
    ".roo",
    ".roomodes",
  ),
  ...list(
    AGENT,
    ".github/copilot-instructions.md",
    ".github/instructions",
    ".github/prompts",
    ".github/agents",
    "gemini.md",
  ),
  ...list(AGENT, ".gemini", ".codex", ".aider.conf.yml", ".continue", ".goosehints", ".junie", ".kiro", ".opencode"),
  ...list(AGENT, "opencode.json", "opencode.jsonc", ".amazonq", ".rules", "conventions.md"),
  ...list(EDITOR, ".vscode/tasks.json", ".vscode/settings.json", ".vscode/launch.json", ".vscode/extensions.json"),
  ...list(EDITOR, ".vscode/mcp.json", "*.code-workspace", ".idea", ".devcontainer", ".devcontainer.json", ".zed"),
  ...list(
    EDITOR,
    ".exrc",
    ".vimrc",
    ".nvimrc",
    ".nvim.lua",
    ".config/nvim",
    ".vim",
    ".emacs",
    ".emacs.d",
    ".dir-locals.el",
  ),
  ...list(
    PACKAGES,
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".yarn/releases",
    ".yarn/plugins",
    ".pnpmfile.cjs",
    ".pnpmfile.mjs",
  ),
  ...list(
    PACKAGES,
    ".pypirc",
    "pip.conf",
    ".config/pip",
    "sitecustomize.py",
    "usercustomize.py",
    "*.pth",
    ".cargo/config",
  ),
  ...list(PACKAGES, ".cargo/config.toml", ".gemrc", ".bundle/config", ".m2/settings.xml", ".mvn", "bunfig.toml"),
  ...list(SYSTEM, ".config/systemd", "etc/systemd", ".config/autostart", "cron.d", "cron.daily", "cron.hourly"),
  ...list(
    SYSTEM,
    "cron.weekly",
    "cron.monthly",
    "crontab",
    "var/spool/cron",
    "etc/profile",
    "etc/profile.d",
    "etc/init.d",
  ),
  ...list(
    SYSTEM,
    "etc/ld.so.preload",
    "etc/ld.so.conf",
    "etc/ld.so.conf.d",
    "etc/environment",
    ".local/share/applications",
  ),
  ...list(OWN, "ztl.config.*"),
];

function list(reason: string, ...patterns: readonly string[]): ProtectedPath[] {
  return patterns.map((pattern) => ({ pattern, reason }));
}
