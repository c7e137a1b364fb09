<#
.SYNOPSIS
Writes the help file of the module's commands (MAML).
.DESCRIPTION
What a command is for and the examples come from help/COMMAND.md, what its parameters mean from the comments in src, and
their types, places and sets from the built module. The result is kept under version control; a test makes it again.
.PARAMETER Module
The folder of the built module.
.PARAMETER Destination
The file to write.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Module,
    [string] $Destination = (Join-Path $PSScriptRoot 'module' 'en-US' 'ExchangeOnlineManagement.dll-Help.xml')
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
Import-Module $Module
$common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters

# Class name -> @{ Base; Summaries = property -> text }
function Read-Comments {
    $classes = @{}
    $member = '(?m)^    /// <(?:summary>(?<text>[^\r\n]*(?:\r?\n    ///[^\r\n]*)*?)</summary>|inheritdoc/>)\r?\n(?:    (?:\[| {4}).*\r?\n)*    public (?:override |abstract |virtual )*(?<type>[\w\[\]?.<>]+) (?<name>\w+)\s*(?:\{|=>|\r?\n)'
    foreach ($file in Get-ChildItem (Join-Path $PSScriptRoot 'src' 'Commands') -Recurse -Filter *.cs) {
        $source = Get-Content $file -Raw
        if ($source -notmatch '(?m)^public (?:sealed |abstract )*class (?<name>\w+)(?: : (?<base>\w+))?') { continue }
        $class = @{ Base = $Matches['base']; Summaries = @{} }
        $classes[$Matches['name']] = $class
        foreach ($match in [regex]::Matches($source, $member)) {
            $text = $match.Groups['text'].Value -replace '\r?\n\s*///\s*', ' ' -replace '<see cref="(\w+)"/>', '$1' -replace '<c>|</c>'
            $class.Summaries[$match.Groups['name'].Value] = [System.Net.WebUtility]::HtmlDecode($text)
        }
    }
    $classes
}

function Get-Summary($Classes, [type] $Type, [string] $Name, [hashtable] $Inherited) {
    for ($class = $Type.Name; $class -and $Classes.ContainsKey($class); $class = $Classes[$class].Base) {
        if ($Classes[$class].Summaries[$Name]) { return $Classes[$class].Summaries[$Name] }
    }
    # What a command inherits from one of PowerShell's has its words on the page.
    if ($Inherited[$Name]) { return $Inherited[$Name] }
    throw "$($Type.Name).$Name has no comment."
}

# Synopsis, paragraphs of description, examples with title, code and remark, links, inherited parameters.
function Read-Page([string] $Command) {
    $page = @{ Synopsis = ''; Description = @(); Examples = @(); Links = @(); Parameters = @{} }
    $text = (Get-Content (Join-Path $PSScriptRoot 'help' "$Command.md") -Raw) -replace '\r'
    $head, $sections = $text -split '(?m)^## '
    $page.Synopsis, $page.Description = ($head.Trim() -split '\n\s*\n' | Select-Object -Skip 1) -replace '\s*\n', ' '
    foreach ($section in $sections) {
        $title, $body = $section -split '\n', 2
        if ($title -eq 'Links') {
            $page.Links = @([regex]::Matches($body, '\[(.+?)\]\((.*?)\)') | ForEach-Object { , @($_.Groups[1].Value, $_.Groups[2].Value) })
            continue
        }
        if ($title -eq 'Parameters') {
            foreach ($match in [regex]::Matches($body, '(?m)^\* `-(\w+)`: (.+)$')) { $page.Parameters[$match.Groups[1].Value] = $match.Groups[2].Value }
            continue
        }
        $code = [regex]::Match($body, '(?s)```powershell\n(.*?)\n```')
        $page.Examples += @{ Title = $title; Code = $code.Groups[1].Value; Remark = ($body.Replace($code.Value, '').Trim() -replace '\s*\n', ' ') }
    }
    $page
}

$script:Writer = $null
$script:Spaces = [ordered]@{
    command = 'http://schemas.microsoft.com/maml/dev/command/2004/10'
    maml    = 'http://schemas.microsoft.com/maml/2004/10'
    dev     = 'http://schemas.microsoft.com/maml/dev/2004/10'
}
function Write-Element([string] $Prefix, [string] $Name, $Body, [System.Collections.IDictionary] $Attributes = @{}) {
    $script:Writer.WriteStartElement($Prefix, $Name, $script:Spaces[$Prefix])
    foreach ($key in $Attributes.Keys) { $script:Writer.WriteAttributeString($key, $Attributes[$key]) }
    if ($Body -is [scriptblock]) { $null = . $Body } else { $script:Writer.WriteString("$Body") }
    $script:Writer.WriteEndElement()
}

function Write-Text([string] $Name, [string[]] $Paragraphs) {
    Write-Element maml $Name { foreach ($paragraph in $Paragraphs) { Write-Element maml para $paragraph } }
}

function Get-TypeName([type] $Type) {
    if ($Type -eq [switch]) { 'SwitchParameter' } else { $Type.Name }
}

function Write-Parameter($Parameter, $Set, [string] $Summary) {
    $pipeline = @(if ($Set.ValueFromPipeline) { 'ByValue' }; if ($Set.ValueFromPipelineByPropertyName) { 'ByPropertyName' }) -join ', '
    $attributes = [ordered]@{
        required = "$($Set.IsMandatory)".ToLowerInvariant(); variableLength = 'true'; globbing = 'false'
        pipelineInput = if ($pipeline) { "True ($pipeline)" } else { 'False' }
        position = if ($Set.Position -lt 0) { 'named' } else { "$($Set.Position)" }
        aliases = if ($Parameter.Aliases.Count) { $Parameter.Aliases -join ', ' } else { 'none' }
    }
    Write-Element command parameter -Attributes $attributes {
        Write-Element maml name $Parameter.Name
        if ($Summary) { Write-Text description $Summary }
        $values = @($Parameter.Attributes | Where-Object { $_ -is [ValidateSet] } | ForEach-Object ValidValues)
        if (-not $values -and $Parameter.ParameterType.IsEnum) { $values = [enum]::GetNames($Parameter.ParameterType) }
        if ($values) {
            Write-Element command parameterValueGroup {
                foreach ($value in $values) { Write-Element command parameterValue $value ([ordered]@{ required = 'false'; variableLength = 'false' }) }
            }
        }
        if ($Parameter.ParameterType -ne [switch]) {
            Write-Element command parameterValue (Get-TypeName $Parameter.ParameterType) ([ordered]@{ required = 'true'; variableLength = 'false' })
        }
        if ($Summary) { Write-Element dev type { Write-Element maml name (Get-TypeName $Parameter.ParameterType); Write-Element maml uri '' } }
    }
}

function Write-Command($Command, $Classes) {
    $page = Read-Page $Command.Name
    $own = @($Command.Parameters.Values | Where-Object Name -NotIn $common | Sort-Object Name)
    $summaries = @{}
    foreach ($parameter in $own) {
        $summaries[$parameter.Name] = switch ($parameter.Name) {
            'WhatIf' { 'Says what would happen, and does nothing.' }
            'Confirm' { 'Asks before anything is done.' }
            default { Get-Summary $Classes $Command.ImplementingType $parameter.Name $page.Parameters }
        }
    }
    Write-Element command command {
        Write-Element command details {
            Write-Element command name $Command.Name
            Write-Text description $page.Synopsis
            Write-Element command verb $Command.Verb
            Write-Element command noun $Command.Noun
        }
        Write-Text description $page.Description
        Write-Element command syntax {
            foreach ($set in $Command.ParameterSets) {
                Write-Element command syntaxItem {
                    Write-Element maml name $Command.Name
                    foreach ($parameter in $set.Parameters | Where-Object Name -NotIn $common | Sort-Object { if ($_.Position -lt 0) { [int]::MaxValue } else { $_.Position } }, Name) {
                        Write-Parameter $Command.Parameters[$parameter.Name] $parameter 
                    }
                }
            }
        }
        Write-Element command parameters {
            foreach ($parameter in $own) {
                $name = $parameter.Name
                $set = $Command.ParameterSets.Parameters | Where-Object Name -EQ $name | Select-Object -First 1
                Write-Parameter $parameter $set $summaries[$name]
            }
        }
        Write-Element command examples {
            $number = 0
            foreach ($example in $page.Examples) {
                $number++
                Write-Element command example {
                    Write-Element maml title "Example ${number}: $($example.Title)"
                    Write-Element dev code $example.Code
                    Write-Text remarks "$($example.Remark)"
                }
            }
        }
        Write-Element maml relatedLinks {
            foreach ($link in $page.Links) {
                Write-Element maml navigationLink { Write-Element maml linkText $link[0]; Write-Element maml uri $link[1] }
            }
        }
    }
}

$classes = Read-Comments
$settings = [System.Xml.XmlWriterSettings]@{ Indent = $true; NewLineChars = "`n"; Encoding = [System.Text.UTF8Encoding]::new($false) }
$script:Writer = [System.Xml.XmlWriter]::Create($Destination, $settings)
try {
    $script:Writer.WriteStartElement('helpItems', 'http://msh')
    $script:Writer.WriteAttributeString('schema', 'maml')
    foreach ($prefix in $script:Spaces.Keys) { $script:Writer.WriteAttributeString('xmlns', $prefix, $null, $script:Spaces[$prefix]) }
    foreach ($command in (Get-Module ExchangeOnlineManagement).ExportedCmdlets.Values | Sort-Object Name) { Write-Command $command $classes }
    $script:Writer.WriteEndElement()
}
finally { $script:Writer.Dispose() }
