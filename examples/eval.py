"""Has a model answer every case, and writes the result to a file that is read at the end of the job."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from opperai import Opper

INSTRUCTIONS = (
    "Answer the customer. We ship to all of Europe. Express delivery costs 12 euros. "
    "Purchases can be returned within 30 days."
)


@dataclass
class Answer:
    text: str


cases = json.loads(Path(__file__).with_name("cases.json").read_text(encoding="utf-8"))
opper = Opper()  # Reads the key from OPPER_API_KEY

wrong = []
for case in cases:
    answer = opper.call(
        "answer-customer",
        instructions=INSTRUCTIONS,
        input=case["question"],
        output_schema=Answer,
        # Puts the call under the span of the job. The SDK does not read this variable by itself.
        parent_span_id=os.environ.get("OPPER_SPAN_ID"),
    ).data
    if case["expected"] not in answer.text.lower():
        wrong.append(f"{case['question']} → {answer.text}")

accuracy = (len(cases) - len(wrong)) / len(cases)
result = {
    "score": accuracy,
    "score_scale": 100,
    "error": "\n".join(wrong) or None,
    "metrics": {"accuracy": accuracy},
    "meta": {"dataset": "support-v3", "cases": len(cases)},
}
Path("result.json").write_text(json.dumps(result), encoding="utf-8")
