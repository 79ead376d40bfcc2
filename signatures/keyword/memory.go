package keyword

import "spanwatch/signatures/pack"

// Memory is where the plans of one ruleset lie, side by side. The zero value is
// ready; one goroutine.
type Memory struct {
	plans    pack.Of[Plan]
	lists    pack.Of[List]
	places   pack.Of[*List]
	nodes    pack.Of[node]
	contents pack.Of[Content]
	bytes    pack.Of[byte]
	tests    pack.Of[Test]
	txTests  pack.Of[TxTest]
	effects  pack.Of[Effect]
	texts    pack.Text
}

// keep returns p as it is to be kept.
func (m *Memory) keep(p *Plan) *Plan {
	p = m.plans.Put(*p)
	p.Meta.Msg = m.texts.Keep(p.Meta.Msg)
	p.Tests, p.TxTests, p.Effects = m.tests.Copy(p.Tests), m.txTests.Copy(p.TxTests), m.effects.Copy(p.Effects)
	p.Lists = m.places.Copy(p.Lists)
	lists := m.lists.Slice(len(p.Lists))
	for i, l := range p.Lists {
		lists[i] = *l
		p.Lists[i] = &lists[i]
		m.keepChain(&lists[i].Chain)
	}
	return p
}

func (m *Memory) keepChain(c *Chain) {
	c.nodes = m.nodes.Copy(c.nodes)
	for i := range c.nodes {
		if n := &c.nodes[i]; n.content != nil {
			n.content = m.contents.Put(*n.content)
			n.content.Pattern = m.bytes.Copy(n.content.Pattern)
		}
	}
}
