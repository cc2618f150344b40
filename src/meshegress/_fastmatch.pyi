from meshegress._purematch import NO_MATCH as NO_MATCH
from meshegress._purematch import DomainTable as DomainTable
from meshegress._purematch import PrefixTable as PrefixTable
from meshegress._purematch import ServerNameTable as ServerNameTable
from meshegress._purematch import host_matches as host_matches
from meshegress._purematch import host_subset_of as host_subset_of
