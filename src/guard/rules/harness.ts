import { anyCase, inSequence, literals, type Pattern, type Rule, shapedAnyCase, tagNames } from "../rule.ts";

/** From the opening tag to its end: names that usage texts have as placeholders too, such as `<command-name>`. */
const closed = (...names: readonly string[]): Pattern[] =>
  names.map((name) => inSequence(anyCase(`<${name}>`), anyCase(`</${name}>`), 4096));

/** Tags named after somebody's words: `<user_message>`, `<assistant_turn>`. Which words is up to the shape. */
const ROLE_TAGS = ["system", "user", "human", "assistant", "developer", "agent", "model", "bot"].flatMap((role) => [
  ...[`<${role}_`, `</${role}_`, `<${role}-`, `</${role}-`],
]);

/** What only the program around a model writes into its prompts, or reads out of its answers. */
export const HARNESS_RULES: readonly Rule[] = [
  {
    id: "harness.context-tag",
    family: "harness",
    severity: "medium",
    meaning:
      "Tags around what a harness tells its model (Claude Code, Codex, Cursor, Copilot, Cline, Windsurf). Rate: 0.",
    reason: "imitates what a harness tells its model",
    patterns: [
      ...tagNames(
        ...["environment_context", "environment_details", "environment_info", "user_instructions", "user_query"],
        ...[
          "user-prompt-submit-hook",
          "task-notification",
          "subagent_notification",
          "system_reminder",
          "system-reminder",
        ],
        ...["local-command-stdout", "local-command-stderr", "local-command-caveat", "bash-input", "bash-stdout"],
        ...["bash-stderr", "turn_aborted", "open_and_recently_viewed_files", "attached_files", "cursor_rules_context"],
        ...[
          "additional_metadata",
          "user_information",
          "reminderinstructions",
          "userrequest",
          "permissions_instructions",
        ],
        ...[
          "system_instruction",
          "system_instructions",
          "system_prompt",
          "developer_instructions",
          "steering-reminder",
        ],
        ...[
          "important_instructions",
          "cursor_rules",
          "ephemeral_message",
          "available_tools",
          "new-diagnostics",
          "ide_selection",
          "ide_opened_file",
          "persisted-output",
          "state_snapshot",
        ],
      ),
      ...shapedAnyCase("role-tag", ...ROLE_TAGS),
      ...closed("command-name", "command-message", "command-args", "user_request", "user_info", "project_layout"),
    ],
  },
  {
    id: "harness.action-tag",
    family: "harness",
    severity: "medium",
    meaning:
      "Tags that a harness executes when its model writes them (Cline, Roo Code, OpenHands, Bolt, smolagents). Rate: 0.",
    reason: "contains a tag that a harness executes",
    patterns: [
      ...tagNames(
        ...["execute_command", "read_file", "write_to_file", "replace_in_file", "apply_diff", "insert_content"],
        ...[
          "search_and_replace",
          "list_code_definition_names",
          "browser_action",
          "use_mcp_tool",
          "access_mcp_resource",
        ],
        ...["ask_followup_question", "attempt_completion", "plan_mode_respond", "switch_mode", "new_task"],
        ...["update_todo_list", "fetch_instructions", "codebase_search", "execute_bash", "execute_ipython"],
        ...["execute_browse", "boltaction", "boltartifact", "lov-write", "dyad-write", "final_answer"],
      ),
      ...closed("search_files", "list_files", "tool_code", "use_tool", "run_command", "run_terminal_command"),
    ],
  },
  {
    id: "harness.run-end",
    family: "harness",
    severity: "medium",
    meaning: "Words at which a program ends an agent's run without asking the model. Rate: 0.",
    reason: "contains words that end an agent's run",
    patterns: literals(
      ...["COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT", "MINI_SWE_AGENT_FINAL_OUTPUT", "<<SWE_AGENT_SUBMISSION>>"],
      ...["CAMEL_TASK_DONE", "###STOP###", "###TRANSFER###", "###OUT-OF-SCOPE###", "<promise>COMPLETE</promise>"],
      ...["<TASK_DONE>", "<END_OF_TASK>", "`<end_code>", "\n<end_code>", "<|task_complete|>", "TASK_COMPLETE_SIGNAL"],
    ),
  },
];
