"""Creates a span with opperai 2.x, passes its id on, runs the eval under it, and leaves the result in a file."""

import json
import os
from datetime import datetime, timezone
from pathlib import Path

from opperai import Opper

# 2.x creates the span with API v3. It is not documented whether v2, which the action uses, can update it. If it cannot, the
# action reports 404: let it create the span with `operation: track`, as eval-python.yml does.
opper = Opper()  # Reads the key from OPPER_API_KEY
span = opper.spans.create(name="Support eval", type="evaluation", start_time=datetime.now(timezone.utc))
# At once, so that the next step finds the span even if the eval crashes.
with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as outputs:
    print(f"span_id={span.id}", file=outputs)

wrong = []
cases = json.loads(Path(__file__).with_name("cases.json").read_text(encoding="utf-8"))
for case in cases:
    answer = opper.call(
        "answer-customer",
        instructions="Answer the customer. We ship to all of Europe, express costs 12 euros, returns take 30 days.",
        input=case["question"],
        parent_span_id=span.id,
    ).data
    if case["expected"] not in str(answer).lower():
        wrong.append(f"{case['question']} → {answer}")

result = {"score": 1 - len(wrong) / len(cases), "score_scale": 100, "error": "\n".join(wrong) or None}
Path("result.json").write_text(json.dumps(result), encoding="utf-8")
