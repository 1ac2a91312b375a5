"""Every amount, share, date, duration, quantity and size in Chinese text, as exact values that can be compared.

三十天 = 30天, 48小时 = 2天, ¥1,200 = 1.2千元, 八折 = 80%, 半年 = 6个月. Months and years go by the calendar (民法典
第二百零一条、第二百零二条), so 一个月 ≠ 30天 and 一年 ≠ 365天; a 工作日 is not a 天; 半个月 is fifteen days by usage.
"""

from assistant.turn.figures.figure import Figure, Reading
from assistant.turn.figures.known import Known
from assistant.turn.figures.read import figures

__all__ = ["Figure", "Known", "Reading", "figures"]
