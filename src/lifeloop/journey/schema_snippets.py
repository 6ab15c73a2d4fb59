"""What an editor offers as a whole: the skeleton of a journey, and of the steps that have more than one line."""

from __future__ import annotations

from typing import Any

Snippet = dict[str, Any]

TOP_SNIPPETS: list[Snippet] = [
    {
        "label": "journey",
        "markdownDescription": "A new journey, ready to fill in.",
        "body": {
            "journey": "${1:my-journey}",
            "phase": "${2:welcome}",
            "name": "${3:What people call it}",
            "start": {"event": "${4:contract.started}"},
            "steps": [{"send": "${5:welcome/hello}"}],
        },
    }
]

STEP_SNIPPETS: list[Snippet] = [
    {"label": "send", "markdownDescription": "Send a message.", "body": {"send": "${1:folder/message}"}},
    {"label": "wait", "markdownDescription": "Wait for a length of time.", "body": {"wait": "${1:3 days}"}},
    {
        "label": "wait until",
        "markdownDescription": "Wait until a moment.",
        "body": {"wait": "until ${1:45 days before customer.contract_end at 10:00}"},
    },
    {
        "label": "wait for an event",
        "markdownDescription": "Wait for something to happen, but not for ever.",
        "body": {
            "wait": {"for": "${1:survey.answered}", "max": "${2:7 days}"},
            "then": [{"send": "${3:folder/thanks}"}],
            "else": [{"send": "${4:folder/reminder}"}],
        },
    },
    {
        "label": "if … then … else",
        "markdownDescription": "Go one way or the other.",
        "body": {
            "if": "${1:customer.plan is premium}",
            "then": [{"send": "${2:folder/message}"}],
            "else": [{"send": "${3:folder/other}"}],
        },
    },
    {
        "label": "choose",
        "markdownDescription": "Take the first way whose condition holds.",
        "body": {
            "choose": [{"when": "${1:event.score is at most 6}", "then": [{"send": "${2:folder/sorry}"}]}],
            "else": [{"send": "${3:folder/thanks}"}],
        },
    },
    {
        "label": "split",
        "markdownDescription": "Share people out over paths.",
        "body": {
            "split": "${1:experiment}",
            "into": [
                {"path": "${2:short}", "share": "45%", "steps": [{"send": "${3:folder/short}"}]},
                {"path": "${4:long}", "share": "45%", "steps": [{"send": "${5:folder/long}"}]},
                {"path": "holdout", "share": "10%"},
            ],
        },
    },
    {
        "label": "repeat",
        "markdownDescription": "Do some steps a few times.",
        "body": {
            "repeat": "${1:2 times}",
            "every": "${2:3 weeks}",
            "until": "${3:folder/* was clicked}",
            "steps": [{"send": "${4:folder/story}"}],
        },
    },
    {
        "label": "ask",
        "markdownDescription": "Ask a colleague to approve.",
        "body": {
            "ask": "${1:retention-lead}",
            "question": "${2:Shall we?}",
            "max": "${3:1 day}",
            "then": [{"send": "${4:folder/offer}"}],
        },
    },
    {
        "label": "call",
        "markdownDescription": "Ask another system to do something.",
        "body": {"call": "${1:crm.create-task}", "with": {"title": "${2:Call this customer}"}},
    },
    {"label": "stop", "markdownDescription": "End the journey, with a reason.", "body": {"stop": "${1:reason}"}},
]
