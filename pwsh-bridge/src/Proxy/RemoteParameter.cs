using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>A parameter of a command on the server.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsSwitch">Whether it stands without a value.</param>
/// <param name="TypeName">The full name of its .NET type; null when the server does not say.</param>
/// <param name="Aliases">Its other names.</param>
/// <param name="Sets">What it is in each parameter set; empty when it is in all of them, by name only.</param>
/// <param name="Validation">What a value must satisfy, as PowerShell's attributes without their first word.</param>
internal sealed record RemoteParameter(
    string Name, bool IsSwitch, string? TypeName, IReadOnlyList<string> Aliases,
    IReadOnlyList<RemoteParameterSet> Sets, IReadOnlyList<string> Validation)
{
    /// <summary>Whether it can take what comes down the pipeline.</summary>
    internal bool TakesPipeline
    {
        get
        {
            foreach (RemoteParameterSet set in Sets)
            {
                if (set.TakesObject || set.TakesProperty)
                {
                    return true;
                }
            }
            return false;
        }
    }

    /// <summary>The parameter of a proxy, as the service declares it.</summary>
    internal RuntimeDefinedParameter Declare()
    {
        var attributes = new Collection<Attribute>();
        // The last one first, as PowerShell keeps those of a script; the order of the parameter sets comes from it.
        for (int index = Sets.Count - 1; 0 <= index; index--)
        {
            RemoteParameterSet set = Sets[index];
            var attribute = new ParameterAttribute
            {
                ParameterSetName = set.Name,
                Mandatory = set.IsMandatory,
                ValueFromPipeline = set.TakesObject,
                ValueFromPipelineByPropertyName = set.TakesProperty,
            };
            if (set.Position is { } position)
            {
                attribute.Position = position;
            }
            attributes.Add(attribute);
        }
        if (attributes.Count == 0)
        {
            attributes.Add(new ParameterAttribute());
        }
        AddRules(attributes);
        AddAliases(attributes);
        Type type = ParameterTypes.Of(TypeName, IsSwitch);
        if (type == typeof(bool))
        {
            attributes.Add(new ArgumentCompleterAttribute(typeof(TruthCompleter)));
        }
        return new RuntimeDefinedParameter(Name, type, attributes);
    }

    /// <summary>
    /// The parameter of a proxy whose server binds for itself what came without a name: it is a switch or anything.
    /// </summary>
    /// <param name="position">Counts those that are no switches.</param>
    internal RuntimeDefinedParameter DeclareLoosely(ref int position)
    {
        var attribute = new ParameterAttribute();
        if (!IsSwitch)
        {
            attribute.Position = position;
            position++;
            // What comes down the pipeline is nearly always something that has an identity.
            attribute.ValueFromPipeline = Name.Equals(ParameterDocument.Identity, StringComparison.OrdinalIgnoreCase);
        }
        var attributes = new Collection<Attribute> { attribute };
        AddAliases(attributes);
        return new RuntimeDefinedParameter(Name, IsSwitch ? typeof(SwitchParameter) : typeof(object), attributes);
    }

    private void AddAliases(Collection<Attribute> attributes)
    {
        if (Aliases.Count != 0)
        {
            attributes.Add(new AliasAttribute(new List<string>(Aliases).ToArray()));
        }
    }

    private void AddRules(Collection<Attribute> attributes)
    {
        foreach (string rule in Validation)
        {
            if (RuleOf(rule) is { } attribute)
            {
                attributes.Add(attribute);
            }
        }
    }

    /// <summary>The attribute of a rule; null for one that is not known or makes no sense: the server checks too.</summary>
    private static Attribute? RuleOf(string rule)
    {
        int open = rule.IndexOf('(');
        if (open < 0 || !rule.EndsWith(')'))
        {
            return rule switch
            {
                "AllowEmptyCollection" => new AllowEmptyCollectionAttribute(),
                "AllowEmptyString" => new AllowEmptyStringAttribute(),
                "AllowNull" => new AllowNullAttribute(),
                "ValidateNotNull" => new ValidateNotNullAttribute(),
                "ValidateNotNullOrEmpty" => new ValidateNotNullOrEmptyAttribute(),
                _ => null,
            };
        }
        string[] words = rule[(open + 1)..^1].Split(',');
        string name = rule[..open];
        if (name == "Set")
        {
            return new ValidateSetAttribute(words);
        }
        if (words.Length != 2 || !TryNumber(words[0], out long least) || !TryNumber(words[1], out long most) || most < least)
        {
            return null;
        }
        bool countable = 0 <= least && 1 <= most && most <= int.MaxValue;
        return name switch
        {
            "Count" when countable => new ValidateCountAttribute((int)least, (int)most),
            "Length" when countable => new ValidateLengthAttribute((int)least, (int)most),
            // PowerShell wants both ends to be of one type, and a number that is written out is an integer.
            "Range" when int.MinValue <= least && most <= int.MaxValue => new ValidateRangeAttribute((int)least, (int)most),
            "Range" => new ValidateRangeAttribute(least, most),
            _ => null,
        };
    }

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
}

/// <summary>What a parameter is in one parameter set.</summary>
/// <param name="Name">The set.</param>
/// <param name="IsMandatory">Whether it must be given.</param>
/// <param name="Position">Its place among the arguments without a name; null for none.</param>
/// <param name="TakesObject">Whether it takes the piped object itself.</param>
/// <param name="TakesProperty">Whether it takes the piped object's property of its own name.</param>
internal sealed record RemoteParameterSet(string Name, bool IsMandatory, int? Position, bool TakesObject, bool TakesProperty);
