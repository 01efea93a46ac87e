"""Slack's error codes, and what each means for a message. From the method references of chat.postMessage and chat.update."""

from __future__ import annotations

import enum
import re

from secondsource.contracts.sender import Rejected, Retry


class Meaning(enum.Enum):
    """What to do about an ``ok: false``."""

    LATER = "later"  # it passes by itself
    NEVER = "never"  # a person must change something first
    ANEW = "anew"  # the message to edit can not be edited: post a new one


_LATER = """
fatal_error internal_error service_unavailable ratelimited rate_limited request_timeout update_failed
message_limit_exceeded team_added_to_org org_login_required external_channel_migrating
streaming_state_conflict accesslimited
"""

_ANEW = "message_not_found cant_update_message edit_window_closed block_mismatch"

_NEVER = """
access_denied account_inactive as_user_not_supported attachment_payload_limit_exceeded cant_broadcast_message
cannot_reply_to_message channel_is_limited_access channel_not_found channel_type_not_supported deprecated_endpoint
duplicate_channel_not_found duplicate_message_not_found ekm_access_denied enterprise_is_restricted invalid_arg_name
invalid_arguments invalid_array_arg invalid_attachments invalid_auth invalid_blocks invalid_blocks_format invalid_charset
invalid_form_data invalid_metadata_format invalid_metadata_schema invalid_post_type is_archived is_inactive
markdown_text_conflict messages_tab_disabled metadata_must_be_sent_from_app metadata_too_large method_deprecated
missing_post_type missing_scope msg_blocks_too_long msg_too_long no_dual_broadcast_content_update no_permission no_text
not_allowed_token_type not_authed not_in_channel restricted_action restricted_action_non_threadable_channel
restricted_action_read_only_channel restricted_action_thread_locked restricted_action_thread_only_channel
slack_connect_blocked_file_type slack_connect_canvas_sharing_blocked slack_connect_clip_sharing_blocked
slack_connect_file_link_sharing_blocked slack_connect_file_upload_sharing_blocked slack_connect_lists_sharing_blocked
team_access_not_granted team_not_found token_expired token_revoked too_many_attachments too_many_contact_cards
two_factor_setup_required unknown_method user_not_found
"""

MEANINGS: dict[str, Meaning] = {
    **dict.fromkeys(_LATER.split(), Meaning.LATER),
    **dict.fromkeys(_ANEW.split(), Meaning.ANEW),
    **dict.fromkeys(_NEVER.split(), Meaning.NEVER),
}

_ADVICE = {
    "account_inactive": "the app's account was removed: install the app again and renew the token",
    "channel_not_found": "no such channel, or a private one: check the recipient, and invite the app",
    "invalid_auth": "Slack does not know the token: check the secret that the channel names",
    "is_archived": "the channel is archived: name another recipient",
    "missing_scope": "the app lacks a permission: it needs chat:write",
    "not_allowed_token_type": "this is not a bot token (xoxb-)",
    "not_authed": "no token was sent: check the secret that the channel names",
    "not_in_channel": "the app is not in the channel: invite it",
    "restricted_action": "the workspace does not let the app post there",
    "token_expired": "the token has expired: renew it",
    "token_revoked": "the token was revoked: install the app again",
    "unknown_method": "this is not Slack's web API: check base_url",
    "user_not_found": "no such member: check the recipient",
}


def meaning(code: str) -> Meaning:
    """What ``code`` means. A code that is not known is taken to pass: a message is given up on evidence only."""
    return MEANINGS.get(code, Meaning.LATER)


def code_of(error: object) -> str:
    """The code in an answer, or ``unreadable`` where it is not one; the far side's words go no further."""
    return error if isinstance(error, str) and re.fullmatch(r"[a-z][a-z0-9_]{1,60}", error) else "unreadable"


def outcome(code: str) -> Retry | Rejected:
    """The outcome of a try that Slack answered with ``code``."""
    advice = _ADVICE.get(code)
    sentence = f"Slack answers {code}" + (f": {advice}" if advice else "")
    return Retry(sentence) if meaning(code) is Meaning.LATER else Rejected(sentence)
