namespace InferMesh.Simulator.Service;

/// <summary>What the <c>token_rate</c> model keeps of a request.</summary>
internal readonly record struct TokenRateItem(int Id, RequestType Type, int PromptTokens, int OutputTokens);

/// <summary>A FIFO that holds no memory until it is used: most nodes of a large fleet are idle most of the time.</summary>
internal struct TokenRateQueue
{
    private const int FirstSize = 4;

    private TokenRateItem[]? _items;
    private int _head;

    /// <summary>Items in it.</summary>
    public int Count { get; private set; }

    public void Enqueue(in TokenRateItem item)
    {
        _items ??= new TokenRateItem[FirstSize];
        if (Count == _items.Length) Grow();
        _items[(_head + Count++) % _items.Length] = item;
    }

    public TokenRateItem Dequeue()
    {
        var item = _items![_head];
        _head = (_head + 1) % _items.Length;
        Count--;
        return item;
    }

    /// <summary>Takes an item out of the middle; false when it is not here.</summary>
    public bool Remove(int id)
    {
        for (var i = 0; i < Count; i++)
        {
            if (At(i).Id != id) continue;
            for (var j = i; j + 1 < Count; j++) _items![(_head + j) % _items.Length] = At(j + 1);
            Count--;
            return true;
        }
        return false;
    }

    /// <summary>Empties it into a list of ids.</summary>
    public void Clear(List<int> into)
    {
        for (var i = 0; i < Count; i++) into.Add(At(i).Id);
        (Count, _head) = (0, 0);
    }

    private readonly TokenRateItem At(int i) => _items![(_head + i) % _items.Length];

    private void Grow()
    {
        var larger = new TokenRateItem[_items!.Length * 2];
        for (var i = 0; i < Count; i++) larger[i] = At(i);
        (_items, _head) = (larger, 0);
    }
}
