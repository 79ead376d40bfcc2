package body

// Texts compressed by Python's lzma.compress(format=FORMAT_ALONE): with
// properties 0x5d and an end marker, and with lc=1, lp=2, pb=1 and a
// dictionary of 4 KiB.
const (
	lzmaLines64 = "XQAAAQD//////////wA2GkofCKAmA00Gne/tjKE/yDjPbYUvmmiZny/2wNKjAjboejd8I+/NQluM1mMDBfBSeJzgIH6OtYVo61Cy" +
		"0Fm0YA4Pgx3E4Yv/3Jj9W5VqXVykzK9S/Kk3GD8yEhiPIhSbmz7bSv011iDliTNMbfO6Hvl2TjbejOC382Psn/+hmPAA"
	lzmaLetters64 = "QAAQAAD//////////wAxmIkLh0+VlaonlNxmXI6SeSClE3c+05y48LS4l84G8EetdrTSZj6pSlTkUeqht3uJCrV6NWOrDF5v" +
		"CI89kixjwUbKdF4/jph6XjnVNKEKdtclpn8KVSG/Wkd+gHsJHS5I1d6v8+RfZYc8QbtrHJlzM/1Ga+xugIM32ogFJlPArgBFO57M811f8L" +
		"wv8zqgan4zRwdau3eb6AfevjvAO3IZAEW572GvipX3C4sCBJ8AXBocy5hASzIh5k7UFMKpNdPVolb8BipUIpd54AMH0cn/1yEVwi6JyytQ" +
		"UpG7BfC5TmXupDNV0C3+ax1V8NtER/J2Rw/QS0gmUnqME5LEgewTLq0PDg5ZpYfSMf/rMbGt"
	lzmaLetters = "cbebhhhgdbhaggahedbfaaaagdgadhhdfddheagbcebfgdeehgahdggcffbhbcgfhahaegccdaddgffheagcdgahfdghfgfafhadcc" +
		"beabbahaedebcfebcceceehfhhbaegfgdebedgadagcachgdhdagfgaecdaebbeecgecaadhcagdfbdgdhbgehafgeacdfcfgdebgfhdbabccc" +
		"defefffbedhcbfagbgccfbgbdbefebhebaeaabgbaddgcbhcdcbggeehfbdfaaaefhgfgbbfhbedhfecdeddfbeb"
)
