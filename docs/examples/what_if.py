"""How large a cache should be, from a trace of what was asked, without running anything.

Needs the kernels: pip install 'perflab[cli]'
"""

import perflab
from perflab import Trace

trace = Trace.from_keys([visit * visit % 97 for visit in range(5000)])
table = perflab.predict("cache", trace, sweep={"max_cache_size": [10, 49], "policy": ["lru"]})
print(table["hits"].tolist())  # [973.0, 4951.0]
